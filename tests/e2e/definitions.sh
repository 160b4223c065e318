#!/bin/bash
# CustomResourceDefinitions: those of the laptop cluster, and (tests/cluster) those of Kubernetes, by the same expectations.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app
kubectl create namespace definitions >/dev/null
k() { kubectl -n definitions "$@"; }
is() { # value, command...
	local want=$1 got
	shift
	got=$("$@") || return 1
	[ "$got" = "$want" ] || { echo "want $want, got $got"; return 1; }
}
apply() { printf '# YAML\n%s\n' "$1" | k apply -f -; }
create() { printf '# YAML\n%s\n' "$1" | k create --validate=ignore -f -; }
# definition PLURAL KIND MORE VERSIONS: one of the group stores.example. MORE is in its names and spec.
definition() {
	cat <<-Y
		apiVersion: apiextensions.k8s.io/v1
		kind: CustomResourceDefinition
		metadata: {name: $1.stores.example}
		spec:
		  group: stores.example
		  scope: Namespaced
		  names: {plural: $1, kind: $2$3}
		  versions: $4
	Y
}
crd() { kubectl get crd "$1.stores.example" -o "jsonpath=$2"; }
condition() { crd "$1" "{.status.conditions[?(@.type==\"$2\")]['status','reason','message']}"; }
open='{type: object, x-kubernetes-preserve-unknown-fields: true}'
plain="[{name: v1, served: true, storage: true, schema: {openAPIV3Schema: $open}}]"
refused() { says "$1" apply "$(definition bolts Bolt "" "[{name: v1, served: true, storage: true, schema: {openAPIV3Schema: $2}}]")"; }

check "a schema without a type is refused" refused 'spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields' '{type: object, properties: {spec: {}}}'
check "a list without the type of its items too" refused 'items' '{type: object, properties: {l: {type: array}}}'
check "and an item without a type" refused 'must not be empty for specified array items' '{type: object, properties: {l: {type: array, items: {}}}}'
check "and properties with additionalProperties" refused 'additionalProperties and properties are mutual exclusive' '{type: object, properties: {a: {type: object, properties: {b: {type: string}}, additionalProperties: {type: string}}}}'
check "and an unknown type" refused 'supported values: "array", "boolean", "integer", "number", "object", "string"' '{type: object, properties: {a: {type: text}}}'
check "and a pattern that is no expression" refused 'must be a valid regular expression' '{type: object, properties: {a: {type: string, pattern: "("}}}'
check "two stored versions are refused" says 'must have exactly one version marked as storage version' apply "$(definition bolts Bolt "" "[{name: v1, served: true, storage: true, schema: {openAPIV3Schema: $open}}, {name: v2, served: true, storage: true, schema: {openAPIV3Schema: $open}}]")"

cat >"$dir/store.yaml" <<'Y'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: stores.stores.example}
spec:
  group: stores.example
  scope: Namespaced
  names: {plural: stores, kind: Store, shortNames: [st], categories: [shops]}
  versions:
  - name: v1beta1
    served: true
    storage: false
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {old: {type: string}}}}}}
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.size.shops, statusReplicasPath: .status.shops, labelSelectorPath: .status.selector}
    additionalPrinterColumns:
    - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
    - {name: Reason, type: string, priority: 1, jsonPath: '.status.conditions[?(@.type=="Ready")].reason'}
    - {name: First, type: string, jsonPath: '.spec.keys[0]'}
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          spec:
            type: object
            properties:
              size: {type: object, default: {}, properties: {shops: {type: integer, default: 2, minimum: 0, exclusiveMaximum: true, maximum: 9}}}
              keys: {type: array, x-kubernetes-list-type: set, maxItems: 3, items: {type: string, minLength: 1}}
              ports: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name], items: {type: object, required: [name], properties: {name: {type: string}, port: {x-kubernetes-int-or-string: true}}}}
              labels: {type: object, maxProperties: 2, additionalProperties: {type: string}}
              note: {type: string, nullable: true}
              plain: {type: string}
              since: {type: string, format: date-time}
              step: {type: integer, multipleOf: 5}
              any: {type: object, x-kubernetes-preserve-unknown-fields: true}
              pod: {type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}
              kept: {type: object, properties: {of: {type: object, properties: {a: {type: string, enum: [p, q]}}}}}
              source: {type: object, properties: {git: {type: string}, oci: {type: string}}, oneOf: [{required: [git]}, {required: [oci]}]}
            x-kubernetes-validations: [{rule: "!has(self.plain) || self.plain != 'never'", message: it is never so}]
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
Y
check "a definition is created" kubectl apply -f "$dir/store.yaml"
check "it is established" kubectl wait --for condition=established crd/stores.stores.example --timeout=300s
check "its names are accepted" within 10 is "True NoConflicts no conflicts found" condition stores NamesAccepted
check "with those that it did not name" is "store StoreList" crd stores '{.status.acceptedNames.singular} {.status.acceptedNames.listKind}'
since=$(crd stores '{.status.conditions[0].lastTransitionTime}')
check "discovery has its kinds" within 10 says Store kubectl api-resources --api-group=stores.example
check "and its versions, the preferred one first" within 10 says '"preferredVersion":{"groupVersion":"stores.example/v1"' kubectl get --raw /apis/stores.example
store() { printf 'apiVersion: stores.example/v1\nkind: Store\nmetadata: {name: %s, namespace: definitions}\nspec: %s\n' "$1" "$2"; }
get() { k get store "$1" -o "jsonpath=$2"; }
check "an object of it is created" within 10 create "$(store a '{keys: [p, q], unknown: 1, kept: {of: {a: p, b: 1}}, any: {b: 1}, labels: {p: q}, note: null, plain: null, pod: {apiVersion: v1, kind: Pod, metadata: {name: z}, spec: {b: 1}}}')"
check "with defaults within defaults" is 2 get a '{.spec.size.shops}'
check "without unknown fields" is '{"of":{"a":"p"}}' get a '{.spec.kept}'
check "but those that may be there" is '{"b":1}' get a '{.spec.any}'
check "and an object within it" is '{"b":1}' get a '{.spec.pod.spec}'
check "a null stays where it may" says '"note":null' kubectl get --raw /apis/stores.example/v1/namespaces/definitions/stores/a
check "and only there" fails says '"plain"' kubectl get --raw /apis/stores.example/v1/namespaces/definitions/stores/a
invalid() { says "$1" create "$(store b "$2")"; }
check "an exclusive bound" invalid 'spec.size.shops in body should be less than 9' '{size: {shops: 9}}'
check "a value twice in a set" invalid 'spec.keys[1]: Duplicate value: "x"' '{keys: [x, x]}'
check "a key twice in a list" invalid 'spec.ports[1]: Duplicate value: {"name":"a"}' '{ports: [{name: a}, {name: a}]}'
check "too many items" invalid 'must have at most 3 items' '{keys: [a, b, c, d]}'
check "too many fields" invalid 'must have at most 2 items' '{labels: {a: b, c: d, e: f}}'
check "a field of another type in a map" invalid 'spec.labels.a in body must be of type string: "integer"' '{labels: {a: 1}}'
check "neither a number nor a text" invalid 'spec.ports[0].port' '{ports: [{name: a, port: true}]}'
check "no time" invalid 'spec.since in body must be of type date-time: "soon"' '{since: soon}'
check "no multiple" invalid 'spec.step in body should be a multiple of 5' '{step: 7}'
check "no choice" invalid 'supported values: "p", "q"' '{kept: {of: {a: z}}}'
check "two of what excludes each other" invalid 'must validate one and only one schema (oneOf)' '{source: {git: a, oci: b}}'
check "nothing of it" invalid 'must validate one and only one schema (oneOf). Found none valid' '{source: {}}'
check "what is required" says 'spec: Required value' create '{apiVersion: stores.example/v1, kind: Store, metadata: {name: b, namespace: definitions}}'
check "strict validation names unknown fields" says 'unknown field "spec.kept.of.b"' sh -c "printf '%s' \"\$1\" | kubectl create --validate=strict -f -" - "$(store b '{kept: {of: {b: 1}}}')"
if [ -z "${ON_CLUSTER-}" ]; then
	check "rules of CEL are not evaluated, which a warning says" says "Warning: the laptop cluster does not evaluate x-kubernetes-validations" sh -c "sed 's/never so/so/' '$dir/store.yaml' | kubectl apply -f -"
	check "an object that they forbid is created" create "$(store cel '{plain: never}')"
	k delete store cel >/dev/null
fi
check "another version shows the object" is "stores.example/v1beta1 a" k get stores.v1beta1.stores.example a -o 'jsonpath={.apiVersion} {.metadata.name}'
check "and validates by its own schema" create '{apiVersion: stores.example/v1beta1, kind: Store, metadata: {name: old, namespace: definitions}, spec: {old: x, keys: [a]}}'
check "which has other fields" is "" k get stores.v1beta1.stores.example old -o 'jsonpath={.spec.keys}'
check "the status is apart" k patch store a --type merge --subresource status -p '{"status":{"shops":1,"selector":"app=a","conditions":[{"type":"Other","status":"True"},{"type":"Ready","status":"False","reason":"Closed"}]},"spec":{"plain":"x"}}'
check "from the spec" is "False " get a '{.status.conditions[1].status} {.spec.plain}'
check "kubectl shows its columns" says "False" k get stores
check "those of -o wide only there" fails says REASON k get stores
check "but there" says "REASON" k get stores -o wide
check "with their value" says "Closed" k get store a -o wide
check "and no age, which it does not name" fails says AGE k get stores
check "the scale is where it says" says '"spec":{"replicas":2},"status":{"replicas":1,"selector":"app=a"}' kubectl get --raw /apis/stores.example/v1/namespaces/definitions/stores/a/scale
check "and is set there" k scale store a --replicas=4
check "by its path" is 4 get a '{.spec.size.shops}'
check "its spec counts generations, its status does not" is 2 get a '{.metadata.generation}'

check "another definition with the same kind" kubectl apply -f - <<<"$(definition shops Store ", singular: shop, listKind: ShopList" "$plain")"
check "is not accepted" within 10 is 'False KindConflict "Store" is already in use' condition shops NamesAccepted
check "nor established" within 10 is "False NotAccepted not all names are accepted" condition shops Established
check "nor served" fails kubectl get --raw /apis/stores.example/v1/shops
check "a version that is not served" kubectl patch crd stores.stores.example --type json -p '[{"op":"replace","path":"/spec/versions/0/served","value":false}]'
check "cannot be read" within 20 fails kubectl get --raw /apis/stores.example/v1beta1/stores
check "what is stored can" is a get a '{.metadata.name}'
check "the conditions stay as they were" is "$since" crd stores '{.status.conditions[0].lastTransitionTime}'
check "the stored versions are known" is '["v1"]' crd stores '{.status.storedVersions}'

check "an object with a finalizer" k patch store a --type merge -p '{"metadata":{"finalizers":["stores.example/keep"]}}'
check "keeps its definition when that is deleted" kubectl delete crd stores.stores.example --wait=false
check "which is terminating" within 20 says "True InstanceDeletion" condition stores Terminating
check "the others are deleted" within 20 is "store.stores.example/a" k get stores -o name
check "no more can be created" within 20 says "create not allowed while custom resource definition is terminating" create "$(store late '{}')"
check "without its finalizer the object is deleted" k patch store a --type merge -p '{"metadata":{"finalizers":null}}'
check "and the definition" within 60 fails kubectl get crd stores.stores.example
check "and its kind" within 30 fails k get stores.v1.stores.example
check "whose name is free for the other definition" within 60 is "True NoConflicts no conflicts found" condition shops NamesAccepted
check "which is established" within 20 is "True InitialNamesAccepted the initial names have been accepted" condition shops Established
check "and served" within 20 kubectl get --raw /apis/stores.example/v1/shops
kubectl delete crd shops.stores.example >/dev/null

check "a definition of the whole cluster" kubectl apply -f - <<<"$(definition halls Hall "" "$plain" | sed 's/Namespaced/Cluster/')"
check "has objects without a namespace" within 20 create '{apiVersion: stores.example/v1, kind: Hall, metadata: {name: main}}'
check "which are read there" is "" kubectl get hall main -o 'jsonpath={.metadata.namespace}'
kubectl delete crd halls.stores.example >/dev/null
if [ -z "${ON_CLUSTER-}" ]; then
	{ definition tents Tent "" "[{name: v1, served: true, storage: false, schema: {openAPIV3Schema: $open}}, {name: v1alpha1, served: true, storage: true, schema: {openAPIV3Schema: $open}}]"
	echo '  conversion: {strategy: Webhook, webhook: {conversionReviewVersions: [v1], clientConfig: {url: "https://127.0.0.1/x"}}}'; } >"$dir/tents.yaml"
	check "a definition with a webhook of conversion" kubectl apply -f "$dir/tents.yaml"
	check "serves the version that is stored, first" says '"preferredVersion":{"groupVersion":"stores.example/v1alpha1"' kubectl get --raw /apis/stores.example
	check "in which objects can be used" apply '{apiVersion: stores.example/v1alpha1, kind: Tent, metadata: {name: a, namespace: definitions}}'
	check "the others name what is not supported" says 'the laptop cluster calls no webhooks; use version "v1alpha1"' kubectl get --raw /apis/stores.example/v1/tents
	deep=$(printf '{type: object, properties: {a: %.0s' $(seq 60))'{type: string}'$(printf '}}%.0s' $(seq 60))
	check "a schema that is too deep is refused" refused "the laptop cluster takes 50 levels at most" "$deep"
	kubectl delete crd tents.stores.example >/dev/null
	printf 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: services.serving.example}\nspec: {group: serving.example, scope: Namespaced, names: {plural: services, kind: Service}, versions: %s}\n' "$plain" | kubectl apply -f - >/dev/null
	check "a kind of its own with a name of Kubernetes" create '{apiVersion: serving.example/v1, kind: Service, metadata: {name: 1web, namespace: definitions}, spec: {x: z}}'
	check "is not treated as that of Kubernetes" is '{"x":"z"}' k get services.serving.example 1web -o 'jsonpath={.spec}'
	kubectl delete crd services.serving.example >/dev/null
fi
kubectl delete namespace definitions --timeout=300s >/dev/null
