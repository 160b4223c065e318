// web/page/page.js: the list, one rollout, and buttons that are commands. What comes from the cluster is only ever put in as text.

const byId = (id) => document.getElementById(id);
const rollouts = new Map(); // "ns/name" → RolloutInfo
const edits = new Map(); // "ns/name container" → the image that is being typed
const view = { namespace: "", search: "", status: "", readOnly: false, refused: "", csrfToken: "" };

// An element: attributes (functions are listeners), then children (text or elements; null: nothing).
function make(tag, attributes, ...children) {
  const svg = ["svg", "rect", "polyline", "circle", "title"].includes(tag);
  const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") e.addEventListener(name, value);
    else if (value === true) e.setAttribute(name, "");
    else if (value !== false && value != null) e.setAttribute(name, value);
  }
  e.append(...children.flat(Infinity).filter((c) => c != null && c !== ""));
  return e;
}

const keyOf = (info) => `${info.objectMeta.namespace}/${info.objectMeta.name}`;
const chosen = () => decodeURIComponent(location.hash.slice(1));
const iconOf = (part) => (part.icon === "॥" ? "‖" : part.icon || "•"); // few fonts have the terminal's sign of a pause
const canaryWeight = (info) => Math.min(100, Math.max(0, Number(info.actualWeight ?? 0)));

// The newest version is also the stable one: no update is in progress.
const isSettled = (info) => !info.replicaSets.some((rs) => rs.canary || (rs.preview && !rs.stable && !rs.active));

function age(time) {
  const s = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
  if (Number.isNaN(s)) return "";
  if (s < 120) return `${s}s`;
  if (s < 7200) return `${Math.floor(s / 60)}m`;
  return s < 172800 ? `${Math.floor(s / 3600)}h` : `${Math.floor(s / 86400)}d`;
}

// --- what is asked of the server ------------------------------------------------------------------------------------

function notice(text, bad) {
  const n = byId("notice");
  n.textContent = text;
  n.className = text ? `shown${bad ? " bad" : ""}` : "";
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => notice(""), bad ? 12000 : 3500);
}

// Returns the response as JSON. Without a session, the page shows the server's text about it from then on.
async function request(method, path, body) {
  const headers = { "Content-Type": "application/json", ...(view.csrfToken && { "X-CSRF-Token": view.csrfToken }) };
  const response = await fetch(path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const json = await response.json().catch(() => ({}));
  if (json.login) location.assign(`${json.login}?return_url=${encodeURIComponent(location.pathname)}`);
  else if (response.status === 401) refuse(json.message ?? response.statusText);
  if (!response.ok) throw new Error(json.message ?? response.statusText);
  return json;
}

function refuse(text) {
  view.refused ||= text;
  draw();
}

async function put(info, path, body, done) {
  const { namespace, name } = info.objectMeta;
  try {
    await request("PUT", `api/v1/rollouts/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/${path}`, { namespace, name, ...body });
    notice(`${name}: ${done}`);
    return true;
  } catch (e) {
    notice(`${name}: ${e.message}`, true);
    return false;
  }
}

function confirm(question) {
  const dialog = byId("ask");
  byId("question").textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function button(label, info, path, { body = {}, done, ask, enabled = true, kind = "" }) {
  const click = async () => {
    if (!ask || (await confirm(ask))) await put(info, path, body, done);
  };
  return make("button", { class: kind, disabled: !enabled || view.readOnly, click }, label);
}

// --- pieces ---------------------------------------------------------------------------------------------------------

const word = (part) => make("span", { class: `status ${part.status}` }, `${iconOf(part)} ${part.status}`);

function weightBar(percent) {
  return make("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    make("rect", { x: 100 - percent, width: percent, height: 10 }));
}

function steps(info) {
  if (!info.stepLabels?.length) return null;
  const at = Number((info.step ?? "0/0").split("/")[0]);
  return [
    make("h3", null, `Steps ${info.step ?? ""}`),
    make("ol", { class: "steps" }, info.stepLabels.map((label, i) =>
      make("li", { class: i < at ? "done" : i === at ? "now" : "", "aria-current": i === at ? "step" : null }, `${i < at ? "✓ " : ""}${label}`))),
  ];
}

function traffic(info) {
  if (info.strategy !== "Canary") return null;
  const settled = isSettled(info);
  const percent = settled ? 0 : canaryWeight(info);
  return [
    make("h3", null, "Traffic"),
    weightBar(percent),
    make("div", { class: "legend" },
      make("span", null, make("span", { class: "dot stable" }), "stable ", make("b", null, `${100 - percent} %`)),
      settled ? make("span", null, "no update in progress")
        : make("span", null, make("span", { class: "dot canary" }), "canary ", make("b", null, `${percent} %`),
          info.setWeight !== info.actualWeight ? ` (the step asks for ${info.setWeight} %)` : "")),
  ];
}

function pods(list) {
  return list.length === 0 ? null : make("ul", { class: "pods" }, list.map((p) =>
    make("li", { class: /BackOff|Err|Error|OOM|Evicted|Invalid/.test(p.status) ? "bad" : p.status, title: `${p.objectMeta.name}: ${p.status}, ready ${p.ready}, ${age(p.objectMeta.creationTimestamp)}` },
      iconOf(p), p.status === "Running" && p.ready.split("/")[0] === p.ready.split("/")[1] ? "" : ` ${p.status} ${p.ready}`, p.restarts ? ` ↻${p.restarts}` : "")));
}

function replicaSet(rs) {
  const roles = ["stable", "canary", "active", "preview", "ping", "pong"].filter((r) => rs[r]);
  const goes = rs.scaleDownDeadline && rs.replicas > 0 ? Math.round((Date.parse(rs.scaleDownDeadline) - Date.now()) / 1000) : 0;
  return make("div", { class: "part" },
    make("div", { class: "head" },
      word(rs), make("span", { class: "mono" }, rs.objectMeta.name),
      roles.map((r) => make("span", { class: `tag ${r}` }, r)),
      make("span", { class: "num" }, `${rs.available}/${rs.replicas} available`),
      goes > 0 ? make("span", { class: "soft" }, `goes in ${goes} s`) : null),
    make("div", { class: "mono soft" }, rs.images.join(", ")),
    pods(rs.pods));
}

// The values of a metric, as they came: a line, and a dot for each by its phase.
function sparkline(measurements) {
  const points = measurements.filter((m) => m.value).map((m) => ({ status: m.status, value: Number(String(m.value).replace(/[[\]]/g, "")) }));
  if (points.length < 2 || points.some((p) => !Number.isFinite(p.value))) return null;
  const low = Math.min(...points.map((p) => p.value)), high = Math.max(...points.map((p) => p.value));
  const x = (i) => 4 + (152 * i) / (points.length - 1), y = (v) => (high === low ? 14 : 24 - (20 * (v - low)) / (high - low));
  return make("svg", { class: "spark", viewBox: "0 0 160 28", role: "img", "aria-label": `from ${low} to ${high}` },
    make("polyline", { points: points.map((p, i) => `${x(i)},${y(p.value)}`).join(" ") }),
    points.map((p, i) => make("circle", { class: p.status, cx: x(i), cy: y(p.value), r: 2.5 })));
}

function analysisRun(run) {
  const names = [...new Set([...run.nonJobInfo, ...run.jobs].map((m) => m.metricName))];
  return make("div", { class: "part" },
    make("div", { class: "head" },
      word(run), make("span", { class: "mono" }, run.objectMeta.name),
      make("span", { class: "num" }, `✔ ${run.successful}  ✖ ${run.failed}${run.inconclusive ? `  ? ${run.inconclusive}` : ""}${run.error ? `  ⚠ ${run.error}` : ""}`),
      run.successCondition ? make("span", { class: "mono soft" }, run.successCondition) : null),
    run.message ? make("div", { class: "soft" }, run.message) : null,
    names.map((name) => {
      const values = run.nonJobInfo.filter((m) => m.metricName === name), jobs = run.jobs.filter((m) => m.metricName === name);
      const last = values.at(-1) ?? jobs.at(-1);
      return make("div", null,
        make("span", { class: "soft" }, `${name} `), sparkline(values),
        make("span", { class: `mono ${last.status}` }, ` ${last.value || last.objectMeta?.name || last.status}`),
        last.message ? make("span", { class: "soft" }, ` ${last.message}`) : null);
    }));
}

function experiment(e) {
  return make("div", { class: "part" },
    make("div", { class: "head" }, word(e), make("span", { class: "mono" }, e.objectMeta.name), make("span", { class: "soft" }, e.message ?? "")),
    e.replicaSets.map(replicaSet), e.analysisRuns.map(analysisRun));
}

function revisions(info) {
  const parts = [...info.replicaSets, ...info.analysisRuns, ...info.experiments];
  const numbers = [...new Set(parts.map((p) => p.revision))].sort((a, b) => b - a);
  return [
    make("h3", null, "Revisions"),
    numbers.map((n, i) => {
      const sets = info.replicaSets.filter((rs) => rs.revision === n);
      const live = sets.some((rs) => rs.replicas > 0);
      return make("section", { class: live ? "card" : "card old" },
        make("div", { class: "head" }, make("b", null, `Revision ${n}`),
          make("span", { class: "soft" }, sets[0] ? age(sets[0].objectMeta.creationTimestamp) : ""),
          make("span", { class: "right" }, i > 0 && sets.length > 0
            ? button("Roll back to it", info, `undo/${n}`, { done: `back to revision ${n}`, ask: `Roll ${info.objectMeta.name} back to revision ${n} (${sets[0].images.join(", ")})?` }) : null)),
        sets.map(replicaSet), info.experiments.filter((e) => e.revision === n).map(experiment),
        info.analysisRuns.filter((r) => r.revision === n).map(analysisRun));
    }),
  ];
}

function images(info) {
  const key = keyOf(info);
  return [
    make("h3", null, "Images"),
    info.containers.map((c) => {
      const id = `${key} ${c.name}`;
      const submit = async (event) => {
        event.preventDefault();
        const image = (edits.get(id) ?? c.image).trim(), colon = image.lastIndexOf(":");
        if (colon <= image.lastIndexOf("/")) return notice("an image needs a tag: NAME:TAG", true);
        const path = image.slice(0, colon).split("/").map(encodeURIComponent).join("/");
        if (await put(info, `set/${encodeURIComponent(c.name)}/${path}/${encodeURIComponent(image.slice(colon + 1))}`, {}, `${c.name} is to run ${image}`)) edits.delete(id);
      };
      const type = (event) => {
        edits.set(id, event.target.value);
        draw();
      };
      const typed = edits.get(id) ?? c.image;
      return make("form", { class: "image", submit },
        make("span", { class: "mono" }, c.name),
        make("input", { class: "mono", "data-key": id, value: typed, input: type, disabled: view.readOnly, "aria-label": `image of ${c.name}`, spellcheck: "false" }),
        make("button", { disabled: view.readOnly || typed.trim() === c.image }, "Set image"));
    }),
  ];
}

function actions(info) {
  const name = info.objectMeta.name, settled = isSettled(info);
  const aborted = info.status === "Degraded" && !settled;
  return make("div", { class: "actions" },
    button("Promote", info, "promote", { done: "promoted", enabled: !settled && !aborted, kind: info.status === "Paused" ? "primary" : "" }),
    button("Promote fully", info, "promote", { body: { full: true }, done: "fully promoted", enabled: !settled && !aborted, ask: `Promote ${name} past all its steps, pauses and analyses?` }),
    button("Abort", info, "abort", { done: "aborted", enabled: !settled && !aborted, kind: "danger", ask: `Abort the update of ${name}? All traffic goes back to the stable version.` }),
    button("Retry", info, "retry", { done: "started again", enabled: aborted }),
    button("Restart pods", info, "restart", { done: "its pods are replaced", ask: `Replace the pods of ${name}, as many at once as may be missing?` }));
}

// --- the page -------------------------------------------------------------------------------------------------------

function detail(info) {
  return [
    make("div", { class: "head" }, make("h2", null, info.objectMeta.name), make("span", { class: "soft" }, info.objectMeta.namespace), word(info)),
    info.message ? make("p", { class: `message ${info.status}` }, info.message) : null,
    actions(info),
    make("dl", { class: "numbers" }, ["desired", "current", "updated", "ready", "available"].map((n) =>
      make("div", null, make("dt", null, n), make("dd", null, String(info[n])))), make("div", null, make("dt", null, "strategy"), make("dd", null, info.strategy))),
    traffic(info), steps(info), revisions(info), images(info),
  ].flat(Infinity);
}

function row(info) {
  const key = keyOf(info), settled = isSettled(info);
  return make("a", { class: "row", href: `#${encodeURIComponent(key)}`, "aria-current": key === chosen() ? "true" : null },
    make("span", { class: info.status, title: info.status }, iconOf(info)),
    make("span", { class: "name" }, info.objectMeta.name),
    make("span", { class: "num" }, settled ? `${info.available}/${info.desired}` : info.strategy === "Canary" ? `${canaryWeight(info)} %` : info.strategy),
    make("span", { class: "sub" }, [view.namespace ? "" : info.objectMeta.namespace, info.status, settled || !info.step ? "" : `step ${info.step}`, info.message].filter(Boolean).join(" · ")),
    settled || info.strategy !== "Canary" ? null : weightBar(canaryWeight(info)));
}

function listed() {
  return [...rollouts.values()]
    .filter((i) => (!view.namespace || i.objectMeta.namespace === view.namespace) && i.objectMeta.name.includes(view.search))
    .sort((a, b) => keyOf(a).localeCompare(keyOf(b)));
}

function filters(all) {
  const counts = new Map();
  for (const i of all) counts.set(i.status, (counts.get(i.status) ?? 0) + 1);
  if (view.status && !counts.has(view.status)) counts.set(view.status, 0);
  return [["", all.length], ...[...counts].sort()].map(([status, n]) =>
    make("button", { "aria-pressed": String(view.status === status), class: status, click: () => { view.status = status; draw(); } }, `${status || "All"} ${n}`));
}

function namespaces() {
  const names = [...new Set([...rollouts.values()].map((i) => i.objectMeta.namespace))].sort();
  if (view.namespace && !names.includes(view.namespace)) names.push(view.namespace);
  return [make("option", { value: "", selected: view.namespace === "" }, "all"),
    ...names.map((n) => make("option", { value: n, selected: n === view.namespace }, n))];
}

// Draws all of it again, and leaves the cursor where it was.
function drawNow() {
  document.body.classList.toggle("refused", view.refused !== "");
  byId("refused").textContent = view.refused;
  const all = listed(), info = rollouts.get(chosen()), focused = document.activeElement?.dataset?.key;
  const selection = focused ? [document.activeElement.selectionStart, document.activeElement.selectionEnd] : null;
  const shown = all.filter((i) => !view.status || i.status === view.status);
  byId("filters").replaceChildren(...filters(all));
  if (document.activeElement !== byId("namespace")) byId("namespace").replaceChildren(...namespaces());
  byId("list").replaceChildren(...(shown.length > 0 ? shown.map(row) : [make("p", { class: "empty" }, "No rollouts here.")]));
  byId("detail").replaceChildren(...(info ? detail(info).filter(Boolean) : [make("p", { class: "empty" }, chosen() ? `There is no rollout ${chosen()} (any more).` : "Choose a rollout.")]));
  document.title = info ? `${iconOf(info)} ${info.objectMeta.name} · Sluice` : "Sluice";
  if (focused) {
    const again = [...document.querySelectorAll("[data-key]")].find((e) => e.dataset.key === focused);
    again?.focus();
    again?.setSelectionRange(...selection);
  }
}

function draw() {
  if (draw.waits) return;
  draw.waits = true;
  requestAnimationFrame(() => {
    draw.waits = false;
    drawNow();
  });
}

function follow() {
  const source = new EventSource("api/v1/rollouts/info/watch");
  source.onopen = () => {
    rollouts.clear(); // all come again
    byId("connection").textContent = "live";
    byId("connection").className = "";
    draw();
  };
  source.onerror = () => {
    byId("connection").textContent = "not connected";
    byId("connection").className = "lost";
    if (source.readyState === EventSource.CLOSED) setTimeout(begin, 2000);
  };
  source.onmessage = (event) => {
    const { type, rolloutInfo } = JSON.parse(event.data).result;
    if (type === "DELETED") rollouts.delete(keyOf(rolloutInfo));
    else rollouts.set(keyOf(rolloutInfo), rolloutInfo);
    draw();
  };
}

// Exchanges the code of the address for a session. The code is removed from the address and the history first.
async function logIn() {
  const code = /^#code=(.*)$/.exec(location.hash)?.[1];
  if (!code) return;
  history.replaceState(null, "", location.pathname);
  await request("POST", "api/v1/session", { code });
}

// Shows the user of `sluice server`. The dashboard of a laptop has no users: there, this path has no GET.
async function showUser() {
  const response = await fetch("api/v1/session");
  const { name, csrfToken } = response.ok ? await response.json().catch(() => ({})) : {};
  view.csrfToken = csrfToken ?? "";
  byId("user").textContent = name ?? "";
  byId("logout").hidden = !csrfToken;
}

async function logOut() {
  try {
    const { location: next } = await request("DELETE", "api/v1/session");
    location.assign(next ?? ".");
  } catch (e) {
    notice(e.message, true);
  }
}

// Begins, or begins again after the stream has ended.
async function begin() {
  try {
    await logIn().catch(() => {}); // an older session may do
    await showUser();
    const { readOnly } = await request("GET", "api/v1/namespace");
    view.readOnly = readOnly === true;
    view.refused = "";
    follow();
  } catch {
    if (!view.refused) setTimeout(begin, 2000);
  }
  draw();
}

byId("namespace").addEventListener("change", (e) => { view.namespace = e.target.value; draw(); });
byId("search").addEventListener("input", (e) => { view.search = e.target.value.trim(); draw(); });
byId("logout").addEventListener("click", logOut);
addEventListener("hashchange", () => (location.hash.startsWith("#code=") ? location.reload() : draw()));
setInterval(draw, 5000); // ages grow
begin();
