// web/page/page.js: the lists, one Rollout or Application, and buttons that are commands. What comes from the cluster is only ever put in as text.

const byId = (id) => document.getElementById(id);
const rollouts = new Map(); // "ns/name" → RolloutInfo
const edits = new Map(); // "ns/name container" → the image that is being typed
const applications = new Map(); // "ns/name" → Application
const resources = new Map(); // "ns/name" → { of: the Application that they belong to, list }
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

const metaOf = (info) => info.objectMeta ?? info.metadata;
const keyOf = (info) => `${metaOf(info).namespace}/${metaOf(info).name}`;

// The fragment is NAMESPACE/NAME of a Rollout, or applications/NAMESPACE/NAME.
const fragment = () => decodeURIComponent(location.hash.slice(1));
const kind = () => (/^applications(\/|$)/.test(fragment()) ? kinds.applications : kinds.rollouts);
const chosen = () => fragment().replace(/^applications(\/|$)/, "");
const linkTo = (of, key) => `#${encodeURIComponent(of === kinds.applications ? `applications/${key}` : key)}`;
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

// --- requests to the server -----------------------------------------------------------------------------------------

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

// Sends a command about a Rollout or an Application. Returns whether it succeeded.
async function send(info, path, body, done) {
  const { namespace, name } = metaOf(info), ns = encodeURIComponent(namespace), at = encodeURIComponent(name);
  try {
    if (info.metadata) await request("POST", `api/v1/applications/${at}/${path}?appNamespace=${ns}`, body);
    else await request("PUT", `api/v1/rollouts/${ns}/${at}/${path}`, { namespace, name, ...body });
    notice(`${name}: ${done}`);
    return true;
  } catch (e) {
    notice(`${name}: ${e.message}`, true);
    return false;
  }
}

function confirm(question) {
  const dialog = byId("confirmation");
  byId("question").textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function button(label, info, path, { body = {}, done, question, enabled = true, kind = "" }) {
  const click = async () => {
    if (!question || (await confirm(question))) await send(info, path, body, done);
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
          info.setWeight !== info.actualWeight ? ` (the step requires ${info.setWeight} %)` : "")),
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

// A plot over the time of a course: series are { name, values }, where null is no value; limits are { name, value }.
function plot(course, label, low, high, series, limits) {
  const total = (Date.parse(course.to) - Date.parse(course.from)) / 1000;
  const y = (v) => 76 - (72 * (Math.min(high, Math.max(low, v)) - low)) / (high - low);
  const x = (i, n) => 4 + (312 * (i + 1 === n ? total : Math.min(total, (i + 1) * course.every))) / total;
  return make("svg", { class: "plot", viewBox: "0 0 320 80", preserveAspectRatio: "none", role: "img", "aria-label": label },
    limits.map((l) => make("polyline", { class: `limit ${l.name}`, points: `4,${y(l.value)} 316,${y(l.value)}` })),
    series.map(({ name, values }) => make("polyline", {
      class: name,
      points: values.flatMap((v, i) => (v === null ? [] : [`${i === 0 ? 4 : x(i - 1, values.length)},${y(v)} ${x(i, values.length)},${y(v)}`])).join(" "),
    })));
}

// How a comparison went. Evidence is in thousandths of its decimal logarithm, and shares are of a million requests.
function comparison({ course, numbers }) {
  const logs = (list) => list.map((v) => v / 1000), shares = (list) => list.map((v) => (v === null ? null : v / 1e4));
  const stop = Math.log10(course.stopAt), pass = Math.log10(course.passAt);
  const canary = shares(course.canary), stable = shares(course.stable), most = Math.max(...canary, ...stable) || 1;
  const key = (name, text) => make("span", { class: "key" }, make("span", { class: `dash ${name}` }), text);
  return make("div", { class: "comparison" },
    make("figure", null,
      plot(course, `evidence: ${numbers.find((n) => n.name === "evidence")?.text ?? ""}`, -2, Math.max(stop, pass) + 0.5,
        [{ name: "pass", values: logs(course.pass) }, { name: "stop", values: logs(course.stop) }],
        [{ name: "stop", value: stop }, { name: "pass", value: pass }]),
      make("figcaption", null, key("stop", `evidence to stop the canary at ${course.stopAt}`), key("pass", `to let it pass at ${course.passAt}`))),
    make("figure", null,
      plot(course, "bad requests of both versions", 0, most, [{ name: "stable", values: stable }, { name: "canary", values: canary }], []),
      make("figcaption", null, key("canary", `canary: ${course.bound ? `slower than ${course.bound} s` : "bad"}, up to ${most.toFixed(2)} %`), key("stable", "stable version"))),
    make("dl", null, numbers.map((n) => [make("dt", null, n.name), make("dd", null, n.text)])));
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
        last.message ? make("span", { class: "soft" }, ` ${last.message}`) : null,
        last.comparison ? comparison(last.comparison) : null);
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
            ? button("Roll back to it", info, `undo/${n}`, { done: `back to revision ${n}`, question: `Roll ${info.objectMeta.name} back to revision ${n} (${sets[0].images.join(", ")})?` }) : null)),
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
        if (await send(info, `set/${encodeURIComponent(c.name)}/${path}/${encodeURIComponent(image.slice(colon + 1))}`, {}, `${c.name} is to run ${image}`)) edits.delete(id);
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
    button("Promote fully", info, "promote", { body: { full: true }, done: "fully promoted", enabled: !settled && !aborted, question: `Promote ${name} past all its steps, pauses and analyses?` }),
    button("Abort", info, "abort", { done: "aborted", enabled: !settled && !aborted, kind: "danger", question: `Abort the update of ${name}? All traffic goes back to the stable version.` }),
    button("Retry", info, "retry", { done: "started again", enabled: aborted }),
    button("Restart pods", info, "restart", { done: "its pods are replaced", question: `Replace the pods of ${name}, as many at once as may be missing?` }));
}

// --- Applications ---------------------------------------------------------------------------------------------------

const healthOf = (app) => app.status.health?.status || "Unknown";
const syncOf = (app) => app.status.sync?.status || "Unknown";
const icons = { Healthy: "✔", Degraded: "✖", Missing: "✖", Progressing: "◌", Suspended: "‖" };
const short = (revision) => (/^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 7) : revision);
const revisionOf = (part) => (part?.revisions?.length ? part.revisions : [part?.revision ?? ""]).map(short).join(", ");
const isAutomated = (app) => app.spec.syncPolicy?.automated != null && app.spec.syncPolicy.automated.enabled !== false;
const state = (text) => make("span", { class: `status ${text}` }, `${icons[text] ?? ""} ${text}`);

function applicationActions(app) {
  const { name } = app.metadata, enabled = app.may.sync && !app.operation;
  return make("div", { class: "actions" },
    button("Sync", app, "sync", { done: "the sync has begun", enabled, kind: syncOf(app) === "OutOfSync" ? "primary" : "", question: `Apply the manifests of ${name} to the cluster?` }),
    button("Sync and prune", app, "sync", { body: { prune: true }, done: "the sync has begun", enabled, kind: "danger", question: `Apply the manifests of ${name}, and delete its objects that are no longer in Git?` }),
    app.may.sync ? null : make("span", { class: "soft" }, "You may not sync it."));
}

function facts(app) {
  const sources = app.spec.sources?.length ? app.spec.sources : [app.spec.source ?? {}], to = app.spec.destination ?? {};
  const last = app.status.operationState;
  const rows = [
    ["project", app.spec.project],
    ...sources.map((s) => ["source", `${s.repoURL ?? ""} ${s.chart ?? s.path ?? ""} at ${s.targetRevision || "HEAD"}`]),
    ["destination", `${to.name ?? to.server ?? ""} ${to.namespace ?? ""}`],
    ["syncs", isAutomated(app) ? "automated" : "manual"],
    ["revision", make("span", { class: "mono" }, revisionOf(app.status.sync))],
    last?.phase ? ["last sync", make("span", null, state(last.phase), ` ${last.message ?? ""} ${last.finishedAt ? `(${age(last.finishedAt)})` : ""}`)] : null,
  ];
  return make("dl", { class: "facts" }, rows.filter(Boolean).map(([name, value]) => [make("dt", null, name), make("dd", null, value)]));
}

function pastSyncs(app) {
  const list = [...(app.status.history ?? [])].sort((a, b) => b.id - a.id);
  if (list.length === 0) return null;
  return [
    make("h3", null, "History"),
    make("div", { class: "wide" }, make("table", null,
      make("tr", null, ["ID", "Revision", "Deployed", "By", ""].map((h) => make("th", null, h))),
      list.map((h, i) => make("tr", null,
        make("td", { class: "num" }, String(h.id)), make("td", { class: "mono" }, revisionOf(h)), make("td", null, age(h.deployedAt)),
        make("td", null, h.initiatedBy?.automated ? "automated" : h.initiatedBy?.username ?? ""),
        make("td", { class: "end" }, i === 0 ? null : button("Roll back to it", app, "rollback", { body: { id: h.id }, done: `back to ${revisionOf(h)}`,
          enabled: app.may.sync && !app.operation && !isAutomated(app), question: `Roll ${app.metadata.name} back to ${revisionOf(h)}?` })))))),
    isAutomated(app) ? make("p", { class: "soft" }, "Automated syncs must be disabled before a rollback.") : null,
  ];
}

// The resources are fetched when the Application is shown, and when it has changed.
function resourcesOf(app) {
  const key = keyOf(app), known = resources.get(key), { namespace, name } = app.metadata;
  if (known?.of !== app) {
    resources.set(key, { of: app, list: known?.list ?? [] });
    request("GET", `api/v1/applications/${encodeURIComponent(name)}?appNamespace=${encodeURIComponent(namespace)}`).then((whole) => {
      resources.set(key, { of: app, list: whole.status.resources ?? [] });
      draw();
    }).catch(() => {});
  }
  const { list } = resources.get(key);
  if (list.length === 0) return null;
  return [
    make("h3", null, `Resources ${list.length}`),
    make("div", { class: "wide" }, make("table", null,
      make("tr", null, ["Kind", "Name", "Namespace", "State", "Health"].map((h) => make("th", null, h))),
      list.map((r) => make("tr", null,
        make("td", { title: r.group || "core" }, r.kind), make("td", null, r.name), make("td", null, r.namespace ?? ""),
        make("td", null, r.status ? state(r.status) : ""), make("td", { title: r.health?.message }, r.health?.status ? state(r.health.status) : ""))))),
  ];
}

function applicationDetail(app) {
  return [
    make("div", { class: "head" }, make("h2", null, app.metadata.name), make("span", { class: "soft" }, app.metadata.namespace), state(healthOf(app)), state(syncOf(app))),
    app.status.health?.message ? make("p", { class: `message ${healthOf(app)}` }, app.status.health.message) : null,
    (app.status.conditions ?? []).map((c) => make("p", { class: "message bad" }, `${c.type}: ${c.message}`)),
    app.operation ? make("p", { class: "message Progressing" }, `A sync is running. ${app.status.operationState?.message ?? ""}`) : null,
    applicationActions(app), facts(app), pastSyncs(app), resourcesOf(app),
  ].flat(Infinity);
}

function applicationRow(app) {
  const key = keyOf(app);
  return make("a", { class: "row", href: linkTo(kinds.applications, key), "aria-current": key === chosen() ? "true" : null },
    make("span", { class: healthOf(app), title: healthOf(app) }, icons[healthOf(app)] ?? "?"),
    make("span", { class: "name" }, app.metadata.name),
    make("span", { class: `num ${syncOf(app)}` }, syncOf(app)),
    make("span", { class: "sub" }, [view.namespace ? "" : app.metadata.namespace, app.spec.project, healthOf(app), revisionOf(app.status.sync), app.operation ? "a sync is running" : ""].filter(Boolean).join(" · ")));
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
  return make("a", { class: "row", href: linkTo(kinds.rollouts, key), "aria-current": key === chosen() ? "true" : null },
    make("span", { class: info.status, title: info.status }, iconOf(info)),
    make("span", { class: "name" }, info.objectMeta.name),
    make("span", { class: "num" }, settled ? `${info.available}/${info.desired}` : info.strategy === "Canary" ? `${canaryWeight(info)} %` : info.strategy),
    make("span", { class: "sub" }, [view.namespace ? "" : info.objectMeta.namespace, info.status, settled || !info.step ? "" : `step ${info.step}`, info.message].filter(Boolean).join(" · ")),
    settled || info.strategy !== "Canary" ? null : weightBar(canaryWeight(info)));
}

const kinds = {
  rollouts: { title: "Rollouts", one: "rollout", objects: rollouts, statuses: (i) => [i.status], icon: iconOf, row, detail, list: "api/v1/rollouts/info", stream: "api/v1/rollouts/info/watch", member: "rolloutInfo", page: "", live: false, problem: "" },
  applications: { title: "Applications", one: "application", objects: applications, statuses: (a) => [healthOf(a), ...(syncOf(a) === "OutOfSync" ? ["OutOfSync"] : [])], icon: (a) => icons[healthOf(a)] ?? "?", row: applicationRow, detail: applicationDetail, list: "api/v1/applications", stream: "api/v1/stream/applications", member: "application", page: "", live: false, problem: "" },
};

function tabs() {
  return Object.values(kinds).map((k) => make("a", { href: linkTo(k, ""), "aria-current": k === kind() ? "page" : null }, `${k.title} ${k.objects.size}`));
}

function listed() {
  return [...kind().objects.values()]
    .filter((i) => (!view.namespace || metaOf(i).namespace === view.namespace) && metaOf(i).name.includes(view.search))
    .sort((a, b) => keyOf(a).localeCompare(keyOf(b)));
}

function filters(all) {
  const counts = new Map();
  for (const status of all.flatMap(kind().statuses)) counts.set(status, (counts.get(status) ?? 0) + 1);
  if (view.status && !counts.has(view.status)) counts.set(view.status, 0);
  return [["", all.length], ...[...counts].sort()].map(([status, n]) =>
    make("button", { "aria-pressed": String(view.status === status), class: status, click: () => { view.status = status; draw(); } }, `${status || "All"} ${n}`));
}

function namespaces() {
  const names = [...new Set([...kind().objects.values()].map((i) => metaOf(i).namespace))].sort();
  if (view.namespace && !names.includes(view.namespace)) names.push(view.namespace);
  return [make("option", { value: "", selected: view.namespace === "" }, "all"),
    ...names.map((n) => make("option", { value: n, selected: n === view.namespace }, n))];
}

// Draws all of it again, and leaves the cursor where it was.
function drawNow() {
  document.body.classList.toggle("refused", view.refused !== "");
  byId("refused").textContent = view.refused;
  const { one, objects, row: rowOf, detail: detailOf, icon, statuses, problem } = kind();
  const all = listed(), info = objects.get(chosen()), focused = document.activeElement?.dataset?.key;
  const selection = focused ? [document.activeElement.selectionStart, document.activeElement.selectionEnd] : null;
  const shown = all.filter((i) => !view.status || statuses(i).includes(view.status));
  byId("kinds").replaceChildren(...tabs());
  byId("filters").replaceChildren(...filters(all));
  if (document.activeElement !== byId("namespace")) byId("namespace").replaceChildren(...namespaces());
  byId("list").replaceChildren(...(shown.length > 0 ? shown.map(rowOf) : [make("p", { class: problem ? "empty bad" : "empty" }, problem || `No ${one}s here.`)]));
  byId("detail").replaceChildren(...(info ? detailOf(info).filter(Boolean) : [make("p", { class: "empty" }, chosen() ? `There is no ${one} ${chosen()} (any more).` : `Choose ${one === "application" ? "an" : "a"} ${one}.`)]));
  document.title = info ? `${icon(info)} ${metaOf(info).name} · Sluice` : "Sluice";
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

function showConnection() {
  const live = Object.values(kinds).every((k) => k.live);
  byId("connection").textContent = live ? "live" : "not connected";
  byId("connection").className = live ? "" : "lost";
}

// A stream sends all objects at its start. What it has not sent soon after does not exist any more.
function follow(of) {
  const source = of.source = new EventSource(of.stream + of.page);
  let stale = new Set(), lost;
  source.onopen = () => {
    clearTimeout(lost);
    stale = new Set(of.objects.keys());
    setTimeout(() => {
      stale.forEach((key) => of.objects.delete(key));
      draw();
    }, 1000);
    of.live = true;
    of.problem = "";
    showConnection();
    draw();
  };
  source.onerror = () => {
    // A stream of a user who has logged in ends again and again, so that permissions are checked again.
    lost = setTimeout(() => {
      of.live = false;
      showConnection();
    }, source.readyState === EventSource.CLOSED ? 0 : 3000);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => resume(of, source), 2000);
  };
  source.onmessage = (event) => {
    const { type, [of.member]: info } = JSON.parse(event.data).result;
    stale.delete(keyOf(info));
    if (type === "DELETED") of.objects.delete(keyOf(info));
    else of.objects.set(keyOf(info), info);
    draw();
  };
}

// Follows again after the server refused a stream, as soon as the list is allowed. Until then its text is shown.
async function resume(of, source) {
  if (of.source !== source) return; // another page is shown by now
  try {
    await request("GET", of.list + of.page);
    if (of.source === source) follow(of);
  } catch (e) {
    of.problem = e.message;
    if (!view.refused) setTimeout(() => resume(of, source), 5000);
    draw();
  }
}

// Shows the Rollouts of the namespaces after this one. There are several pages for a user who may not list the Rollouts
// of all namespaces, if there are very many.
async function showPage(after) {
  const of = kinds.rollouts, page = after ? `?continue=${encodeURIComponent(after)}` : "";
  const { readOnly, continue: next } = await request("GET", `api/v1/namespace${page}`);
  view.readOnly = readOnly === true;
  of.source?.close();
  of.page = page;
  of.objects.clear();
  byId("page").textContent = next ? "Next namespaces" : "First namespaces";
  byId("page").hidden = !next && !after;
  byId("page").onclick = () => showPage(next ?? "").catch((e) => notice(e.message, true));
  follow(of);
  draw();
}

// Exchanges the code of the address for a session. The code is removed from the address and the history first.
async function logIn() {
  const code = /^#code=(.*)$/.exec(location.hash)?.[1];
  if (!code) return;
  history.replaceState(null, "", location.pathname);
  await request("POST", "api/v1/session", { code });
}

// Shows the user of `sluice server`. The session of a laptop has neither a name nor a token.
async function showUser() {
  const { name, csrfToken } = await request("GET", "api/v1/session");
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

// Begins, as soon as the server responds.
async function begin() {
  try {
    await logIn().catch(() => {}); // an older session may do
    await showUser();
    await showPage("");
    view.refused = "";
    follow(kinds.applications);
  } catch {
    if (!view.refused) setTimeout(begin, 2000);
  }
  draw();
}

byId("namespace").addEventListener("change", (e) => { view.namespace = e.target.value; draw(); });
byId("search").addEventListener("input", (e) => { view.search = e.target.value.trim(); draw(); });
byId("logout").addEventListener("click", logOut);
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#code=")) location.reload();
  if (view.kind !== kind()) Object.assign(view, { kind: kind(), namespace: "", status: "" });
  draw();
});
setInterval(draw, 5000); // ages grow
begin();
