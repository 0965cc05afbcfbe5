// Everything but plain tools, on two servers, of FuseDesk and of a help desk with files:
// node features.mjs client MODE URL DESK_URL ASKED, or sdk http|sse URL DESK_URL ASKED, where ASKED is JSON with what to
// ask of either server (tests/clients/features.py). Prints one line of JSON.

import { Client as Newer, StreamableHTTPClientTransport as NewerTransport } from "@modelcontextprotocol/client";
import { Client as Older } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [kind, mode, url, deskUrl, given] = process.argv.slice(2);
const asked = JSON.parse(given);

async function connected(address) {
  const info = { name: "patchbay-tests-features", version: "1.0.0" };
  if (kind === "client") {
    const wanted = mode === "auto" || mode === "legacy" ? mode : { pin: mode };
    const client = new Newer(info, { versionNegotiation: { mode: wanted } });
    await client.connect(new NewerTransport(new URL(address)));
    return client;
  }
  const client = new Older(info);
  const Transport = mode === "sse" ? SSEClientTransport : StreamableHTTPClientTransport;
  await client.connect(new Transport(new URL(mode === "sse" ? `${address}/sse` : address)));
  return client;
}

async function calls(client, wanted) {
  const came = {};
  // Clients hold structured results against the schemas that they have listed.
  await client.listTools();
  for (const [step, [name, args]] of Object.entries(wanted)) {
    came[step] = await client.callTool({ name, arguments: args });
  }
  return came;
}

const client = await connected(url);
const completed = async (ref, name, value) =>
  (await client.complete({ ref, argument: { name, value } })).completion.values;
const resource = async (uri) => (await client.readResource({ uri })).contents[0].text;
const came = {
  resources: (await client.listResources()).resources.map((each) => each.uri),
  templates: (await client.listResourceTemplates()).resourceTemplates.map((each) => each.uriTemplate),
  prompts: (await client.listPrompts()).prompts.map((each) => each.name),
  documentation: await resource(asked.documentation),
  record: await resource(asked.record),
  prompt: (await client.getPrompt(asked.prompt)).messages[0].content.text,
  department: await completed({ type: "ref/prompt", name: "review_queue" }, "department", "bil"),
  id: await completed({ type: "ref/resource", uri: asked.template }, "id", "bil"),
  missing: await resource(asked.missing).catch((error) => error.code),
  calls: await calls(client, asked.calls),
};
const found = JSON.parse(came.calls.search.content[0].text).results[0];
Object.assign(came.calls, await calls(client, { fetch: ["fetch", { id: found.id }] }));
await client.close();

const desk = await connected(deskUrl);
came.files = await calls(desk, asked.files);
await desk.close();
process.stdout.write(`${JSON.stringify(came)}\n`);
