// @modelcontextprotocol/sdk 1.x over Streamable HTTP, over HTTP+SSE, or through a program that speaks stdio:
// node sdk.mjs http|sse URL NOTE
// node sdk.mjs stdio NOTE COMMAND ARGUMENT …

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { walk } from "./steps.mjs";

const [kind, ...rest] = process.argv.slice(2);
let transport;
let note;
if (kind === "stdio") {
  const [, command, ...args] = rest;
  note = rest[0];
  transport = new StdioClientTransport({ command, args, stderr: "inherit", env: process.env });
} else {
  note = rest[1];
  const Transport = kind === "sse" ? SSEClientTransport : StreamableHTTPClientTransport;
  transport = new Transport(new URL(rest[0]));
}
// The one place where every transport of this package is told the revision that was agreed on.
let revision = "";
const told = transport.setProtocolVersion?.bind(transport);
transport.setProtocolVersion = (version) => {
  revision = version;
  told?.(version);
};
const client = new Client({ name: `patchbay-tests-${kind}`, version: "1.0.0" });
await walk(
  client,
  async () => {
    await client.connect(transport);
    return { ...client.getServerVersion(), revision };
  },
  note,
);
