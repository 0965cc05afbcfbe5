// The AI SDK's client for MCP: node ai_sdk.mjs http|sse URL NOTE

import { createMCPClient } from "@ai-sdk/mcp";
import { walk } from "./walk.mjs";

const [transport, url, note] = process.argv.slice(2);
const client = await createMCPClient({ transport: { type: transport, url } });
const tools = await client.tools();
await walk(
  Object.keys(tools),
  async (name, args) => {
    const output = await tools[name].execute(args, { toolCallId: "1", messages: [] });
    const shown = tools[name].toModelOutput({ toolCallId: "1", input: args, output });
    return typeof shown.value === "string" ? shown.value : JSON.stringify(shown.value);
  },
  note,
);
await client.close();
