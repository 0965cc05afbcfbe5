// Mastra's client for MCP, which names a server's tools after the server: node mastra.mjs http|sse URL NOTE

import { MCPClient } from "@mastra/mcp";
import { walk } from "./walk.mjs";

const [, url, note] = process.argv.slice(2);
// It tries Streamable HTTP at any address before the old transport.
const client = new MCPClient({ id: "tests", servers: { patchbay: { url: new URL(url) } } });
const tools = await client.listTools();
const named = Object.fromEntries(
  Object.entries(tools).map(([name, tool]) => [name.replace("patchbay_", ""), tool]),
);
await walk(
  Object.keys(named),
  async (name, args) => {
    try {
      const output = await named[name].execute(args, {});
      return typeof output === "string" ? output : JSON.stringify(output);
    } catch (problem) {
      // An agent hands its model the message of what a tool throws.
      return problem.message;
    }
  },
  note,
);
await client.disconnect();
