// Draws the OpenAPI document of this server. All text goes in as text, never as HTML.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function resolve(api, schema) {
  return schema.$ref ? api.components.schemas[schema.$ref.split("/").pop()] : schema;
}

// A schema as a type that programmers read at a glance; objects that stand in one another are opened to a depth of three.
function typeText(api, schema, indent = "", depth = 3) {
  const found = resolve(api, schema);
  if (found.const !== undefined) return JSON.stringify(found.const);
  if (found.enum) return found.enum.map((each) => JSON.stringify(each)).join(" | ");
  const choices = found.anyOf;
  if (choices) return choices.map((each) => typeText(api, each, indent, choices.length > 3 ? 0 : depth)).join(" | ");
  if (found.type === "array") return `[${typeText(api, found.items || {}, indent, depth)}, …]`;
  if (!found.properties) return found.type || "any";
  if (depth === 0) return found.title || "object";
  const required = new Set(found.required || []);
  const lines = Object.entries(found.properties).map(([name, each]) => {
    const notes = noteText(resolve(api, each));
    return `${indent}  ${name}${required.has(name) ? "" : "?"}: ${typeText(api, each, indent + "  ", depth - 1)}${notes && `  // ${notes}`}`;
  });
  return `{\n${lines.join("\n")}\n${indent}}`;
}

function noteText(schema) {
  const notes = [];
  const [low, high, unit] = [schema.minimum ?? schema.minLength, schema.maximum ?? schema.maxLength ?? schema.maxItems, schema.maxItems ? " items" : schema.maxLength ? " characters" : ""];
  if (low !== undefined && high !== undefined) notes.push(`${low} to ${high}${unit}`);
  else if (high !== undefined) notes.push(`at most ${high}${unit}`);
  if (schema.default !== undefined && schema.default !== null) notes.push(`default ${JSON.stringify(schema.default)}`);
  if (schema.description) notes.push(schema.description);
  return notes.join("; ");
}

function responseRow(api, status, response) {
  const [type, media] = Object.entries(response.content || {})[0] || ["", {}];
  const codes = [...(response.description || "").matchAll(/^\* `(\w+)`: (.*)$/gm)];
  const what = codes.length
    ? element("ul", {}, ...codes.map(([, code, title]) => element("li", {}, element("code", {}, code), ` ${title}`)))
    : media.schema
      ? element("pre", {}, typeText(api, media.schema))
      : "no body";
  return element("tr", {}, element("th", { className: status < 400 ? "good" : "bad" }, status), element("td", {}, element("small", {}, type), what));
}

function parameterRow(api, parameter) {
  const input = element("input", { name: parameter.name, placeholder: typeText(api, parameter.schema) });
  input.dataset.in = parameter.in;
  const label = element("label", {}, element("code", {}, parameter.name), ` ${parameter.in}${parameter.required ? ", required" : ""} `, input);
  return element("div", { className: "parameter" }, label, element("small", {}, noteText(parameter.schema) || parameter.description || ""));
}

function requestOf(form, path) {
  const query = new URLSearchParams();
  const headers = {};
  let address = path;
  for (const input of form.querySelectorAll("input")) {
    if (input.dataset.in === "path") address = address.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.value && input.dataset.in === "query") query.set(input.name, input.value);
    else if (input.value) headers[input.name] = input.value;
  }
  const token = document.getElementById("token").value.trim();
  if (token) headers.Authorization = `Bearer ${token}`;
  const body = form.querySelector("textarea")?.value.trim() || undefined;
  if (body) headers["Content-Type"] = "application/json";
  return [address + (query.size ? `?${query}` : ""), headers, body];
}

async function send(form, method, path, output) {
  const [address, headers, body] = requestOf(form, path);
  output.hidden = false;
  output.textContent = `${method.toUpperCase()} ${address} …`;
  try {
    const response = await fetch(address, { method, headers, body });
    const text = await response.text();
    const shown = (response.headers.get("content-type") || "").includes("json") && text ? JSON.stringify(JSON.parse(text), null, 2) : text;
    output.textContent = `${response.status} ${response.statusText}   ${response.headers.get("x-request-id")}\n\n${shown}`;
  } catch (cause) {
    output.textContent = `No answer: ${cause.message}`;
  }
}

function requestForm(api, method, path, operation) {
  const output = element("pre", { hidden: true, className: "answer" });
  const parameters = (operation.parameters || []).map((each) => parameterRow(api, each));
  const schema = operation.requestBody?.content["application/json"].schema;
  const body = schema
    ? [element("h4", {}, operation.requestBody.required ? "Body" : "Body, optional"), element("pre", {}, typeText(api, schema)), element("textarea", { rows: 4, placeholder: "{ }", spellcheck: false, ariaLabel: "JSON body" })]
    : [];
  const form = element("form", {}, ...parameters, ...body, element("button", {}, "Send"), output);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, method, path, output);
  });
  return form;
}

function operationSection(api, method, path, operation) {
  const needsToken = !(operation.security || []).some((each) => Object.keys(each).length === 0);
  const head = element("summary", {}, element("b", { className: `method ${method}` }, method.toUpperCase()), element("code", {}, path), element("span", {}, operation.summary || ""), needsToken ? "" : element("small", {}, "no token"));
  const made = element("details", { id: operation.operationId }, head);
  made.addEventListener(
    "toggle",
    () => {
      const rows = Object.entries(operation.responses).map(([status, each]) => responseRow(api, status, each));
      made.append(requestForm(api, method, path, operation), element("h4", {}, "Answers"), element("table", {}, element("tbody", {}, ...rows)));
    },
    { once: true },
  );
  return made;
}

function byTag(api) {
  const tags = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((each) => item[each])) {
      const tag = item[method].tags?.[0] || "other";
      tags.set(tag, [...(tags.get(tag) || []), [method, path, item[method]]]);
    }
  }
  return tags;
}

function openNamed() {
  const named = document.getElementById(location.hash.slice(1));
  if (named instanceof HTMLDetailsElement) {
    named.open = true;
    named.scrollIntoView();
  }
}

function filter(text) {
  const wanted = text.toLowerCase();
  for (const entry of document.querySelectorAll("#contents a")) entry.hidden = !entry.title.toLowerCase().includes(wanted);
}

async function draw() {
  const api = await (await fetch("/api/v1/openapi.json")).json();
  document.getElementById("about").textContent = api.info.description.replaceAll("`", "");
  document.getElementById("version").textContent = `version ${api.info.version}, OpenAPI ${api.openapi}`;
  for (const [tag, operations] of byTag(api)) {
    const entries = operations.map(([method, path, each]) => element("a", { href: `#${each.operationId}`, title: `${method} ${path} ${each.summary}` }, element("b", { className: `method ${method}` }, method), path.replace("/api/v1", "")));
    document.getElementById("contents").append(element("h2", {}, tag), ...entries);
    document.getElementById("operations").append(element("h2", {}, tag), ...operations.map((each) => operationSection(api, ...each)));
  }
  document.getElementById("filter").addEventListener("input", (event) => filter(event.target.value));
  window.addEventListener("hashchange", openNamed);
  openNamed();
}

draw();
