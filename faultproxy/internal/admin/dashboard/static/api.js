// What the page asks of the admin API.

export class Refused extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || "refused");
    this.status = problem.status;
    this.problems = problem.problems || [];
  }
}

async function ask(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : {"Content-Type": "application/json"},
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.status === 204) return null;
  const value = await answer.json().catch(() => ({detail: `${answer.status} ${answer.statusText}`, status: answer.status}));
  if (!answer.ok) throw new Refused(value);
  return value;
}

const at = (proxy, ...rest) => ["/v1/proxies", encodeURIComponent(proxy), ...rest].join("/");

export const proxies = () => ask("GET", "/v1/proxies").then((v) => v.proxies);
export const proxy = (name) => ask("GET", at(name));
export const enable = (name, on) => ask("PATCH", at(name), {enabled: on});
export const port = (name, action) => ask("POST", at(name, "port", action));

export const connections = (name) => ask("GET", at(name, "connections"));
export const diagnosis = (name, number) => ask("GET", at(name, "connections", number, "diagnosis"));
// act does something to one connection, or to all open ones if there is no number.
export const act = (name, number, action, body) =>
  ask("POST", number ? at(name, "connections", number, action) : at(name, "connections", action), body);

export const addRules = (name, rules) => ask("POST", at(name, "rules"), rules);
export const putRule = (name, rule, body) => ask("PUT", at(name, "rules", encodeURIComponent(rule)), body);
export const removeRule = (name, rule) => ask("DELETE", at(name, "rules", encodeURIComponent(rule)));


let wanted;
// schema is the JSON schema of rules and what they are made of, below $defs.
export const schema = () => wanted ??= ask("GET", "/v1/schema.json").catch((err) => { wanted = undefined; throw err; });
export const presets = () => ask("GET", "/v1/presets").then((v) => v.presets);
export const setPreset = (name, preset) => ask("PUT", at(name, "preset"), {preset});
export const removePreset = (name) => ask("DELETE", at(name, "preset"));
export const play = (name, scenario) => ask("PUT", at(name, "scenario"), scenario);
export const stop = (name) => ask("DELETE", at(name, "scenario"));
export const findings = (name, policy) => ask("POST", at(name, "findings"), policy);

export const download = (name, file) => at(name, file);
export const events = (name, since) => new EventSource(`${at(name, "events")}?since=${since}`);
export const changes = () => new EventSource("/v1/changes");
