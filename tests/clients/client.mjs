// @modelcontextprotocol/client 2.x: node client.mjs MODE URL NOTE, where MODE is auto, legacy or a revision.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { walk } from "./steps.mjs";

const [mode, url, note] = process.argv.slice(2);
const wanted = mode === "auto" || mode === "legacy" ? mode : { pin: mode };
const client = new Client(
  { name: "patchbay-tests-client", version: "1.0.0" },
  { versionNegotiation: { mode: wanted } },
);
await walk(
  client,
  async () => {
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    return { ...client.getServerVersion(), revision: client.getNegotiatedProtocolVersion() };
  },
  note,
);
