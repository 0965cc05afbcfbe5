// Prompts, resources and completion: node features.mjs client MODE URL, or sdk http|sse URL. Prints one line of JSON.

import { Client as Newer, StreamableHTTPClientTransport as NewerTransport } from "@modelcontextprotocol/client";
import { Client as Older } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [kind, mode, url] = process.argv.slice(2);
const info = { name: "patchbay-tests-features", version: "1.0.0" };
let client;
let transport;
if (kind === "client") {
  const wanted = mode === "auto" || mode === "legacy" ? mode : { pin: mode };
  client = new Newer(info, { versionNegotiation: { mode: wanted } });
  transport = new NewerTransport(new URL(url));
} else {
  client = new Older(info);
  const Transport = mode === "sse" ? SSEClientTransport : StreamableHTTPClientTransport;
  transport = new Transport(new URL(url));
}
await client.connect(transport);
const template = "patchbay://fuse_desk/departments/{id}";
const complete = async (ref, name, value) =>
  (await client.complete({ ref, argument: { name, value } })).completion.values;
const came = {
  resources: (await client.listResources()).resources.map((each) => each.uri),
  templates: (await client.listResourceTemplates()).resourceTemplates.map((each) => each.uriTemplate),
  record: (await client.readResource({ uri: "patchbay://fuse_desk/cases/CAS-89102" })).contents[0].text,
  prompt: (await client.getPrompt({ name: "review_case", arguments: { case: "CAS-89102" } })).messages[0].content.text,
  department: await complete({ type: "ref/prompt", name: "review_queue" }, "department", "bil"),
  id: await complete({ type: "ref/resource", uri: template }, "id", "bil"),
  missing: await client.readResource({ uri: "patchbay://fuse_desk/nothing/1" }).catch((error) => error.code),
};
await client.close();
process.stdout.write(`${JSON.stringify(came)}\n`);
