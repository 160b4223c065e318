// tests/cluster/krusty: the inputs of kustomize's own tests, as directories: `go run ./krusty DIR` writes DIR/TEST/ with the files of each test and
// a file `run` that says which directory of them is built. They are read out of the module that kubectl is built with, as the text of a Go
// program; what a test makes in another way than by literals is left out.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
	component     = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
)

// A test: what it writes, and what it then builds.
type test struct {
	files map[string]string
	run   string
	bad   bool // not all of it is literal
}

type source struct {
	functions map[string]*ast.FuncDecl
	constants map[string]ast.Expr
}

// text is the value of an expression of literals.
func (s *source) text(e ast.Expr, depth int) (string, bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(x.Value)
		return text, err == nil && x.Kind == token.STRING
	case *ast.Ident:
		value, ok := s.constants[x.Name]
		if !ok || depth == 0 {
			return "", false
		}
		return s.text(value, depth-1)
	case *ast.BinaryExpr:
		left, ok := s.text(x.X, depth)
		right, also := s.text(x.Y, depth)
		return left + right, ok && also && x.Op == token.ADD
	case *ast.CallExpr:
		if f, ok := x.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Join" {
			var parts []string
			for _, arg := range x.Args {
				part, ok := s.text(arg, depth)
				if !ok {
					return "", false
				}
				parts = append(parts, part)
			}
			return path.Join(parts...), true
		}
	}
	return "", false
}

func (s *source) write(t *test, kind string, args []ast.Expr) {
	if len(args) != 2 {
		return
	}
	name, ok := s.text(args[0], 4)
	content, also := s.text(args[1], 4)
	if !ok || !also {
		t.bad = true
		return
	}
	switch kind {
	case "WriteK":
		name, content = path.Join(name, "kustomization.yaml"), kustomization+content
	case "WriteC":
		name, content = path.Join(name, "kustomization.yaml"), component+content
	}
	t.files[strings.TrimPrefix(path.Clean(name), "/")] = content
}

// follow goes through a function, and those that it calls, up to the first build.
func (s *source) follow(t *test, f *ast.FuncDecl, depth int) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if assign, is := n.(*ast.AssignStmt); is && len(assign.Lhs) == 1 && len(assign.Rhs) == 1 {
			if name, is := assign.Lhs[0].(*ast.Ident); is {
				s.constants[name.Name] = assign.Rhs[0]
			}
		}
		if !ok || t.run != "" {
			return t.run == ""
		}
		switch fun := call.Fun.(type) {
		case *ast.SelectorExpr:
			switch name := fun.Sel.Name; name {
			case "WriteK", "WriteC", "WriteF":
				s.write(t, name, call.Args)
			case "Run", "RunWithErr":
				if dir, ok := s.text(call.Args[0], 4); ok && len(call.Args) == 2 {
					t.run = path.Join(".", strings.TrimPrefix(dir, "/"))
				}
			}
		case *ast.Ident:
			if called := s.functions[fun.Name]; called != nil && depth > 0 && !strings.HasPrefix(fun.Name, "Test") {
				s.follow(t, called, depth-1)
			}
		}
		return true
	})
}

func (t *test) save(dir string) error {
	for name, content := range t.files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(at, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "run"), []byte(t.run+"\n"), 0o644)
}

func load(pattern string) (*source, error) {
	s := &source{map[string]*ast.FuncDecl{}, map[string]ast.Expr{}}
	files, err := filepath.Glob(pattern)
	for _, name := range files {
		file, bad := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if bad != nil {
			return nil, bad
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				s.functions[d.Name.Name] = d
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok && len(v.Names) == 1 && len(v.Values) == 1 {
						s.constants[v.Names[0].Name] = v.Values[0]
					}
				}
			}
		}
	}
	return s, err
}

func run(to string) error {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kustomize/api").Output()
	if err != nil {
		return err
	}
	s, err := load(filepath.Join(strings.TrimSpace(string(module)), "krusty", "*_test.go"))
	if err != nil {
		return err
	}
	for name, f := range s.functions {
		t := &test{files: map[string]string{}}
		if !strings.HasPrefix(name, "Test") || f.Recv != nil {
			continue
		}
		own := &source{s.functions, maps.Clone(s.constants)}
		own.follow(t, f, 3)
		if t.bad || t.run == "" || len(t.files) == 0 {
			continue
		}
		if err := t.save(filepath.Join(to, name)); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: krusty DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "krusty:", err)
		os.Exit(1)
	}
}
