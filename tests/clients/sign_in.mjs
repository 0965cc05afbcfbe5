// An official client with its own implementation of OAuth, at a server that asks for sign-in:
// node sign_in.mjs PACKAGE URL
// It writes `ask ADDRESS` where a person is to decide, and reads the query that came back; at last, what it saw as JSON.

import { createInterface } from "node:readline";

const [name, url] = process.argv.slice(2);
const packages = {
  sdk: async () => ({
    ...(await import("@modelcontextprotocol/sdk/client/index.js")),
    ...(await import("@modelcontextprotocol/sdk/client/streamableHttp.js")),
    ...(await import("@modelcontextprotocol/sdk/client/auth.js")),
  }),
  client: () => import("@modelcontextprotocol/client"),
};
const { Client, StreamableHTTPClientTransport, UnauthorizedError } = await packages[name]();
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const kept = {};
let asked = 0;
let answer;

const provider = {
  redirectUrl: "http://127.0.0.1:43118/callback",
  clientMetadata: {
    client_name: `patchbay-tests-${name}`,
    redirect_uris: ["http://127.0.0.1:43118/callback"],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => {
    kept.client = client;
  },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => {
    kept.tokens = tokens;
  },
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => {
    kept.verifier = verifier;
  },
  redirectToAuthorization: async (address) => {
    asked += 1;
    console.log(`ask ${address}`);
    answer = new URLSearchParams((await lines.next()).value);
  },
};

async function patiently(work) {
  let transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
  for (;;) {
    const client = new Client({ name: `patchbay-tests-${name}`, version: "1.0.0" });
    try {
      await client.connect(transport);
      return await work(client);
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || asked > 3) throw error;
      // The earlier package takes the code alone.
      await transport.finishAuth(name === "sdk" ? answer.get("code") : answer);
      transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
    }
  }
}

const listed = await patiently(async (client) => (await client.listTools()).tools.map((tool) => tool.name));
const first = kept.tokens;
const read = await patiently((client) => client.callTool({ name: "list_all_fuse_desk_cases", arguments: { limit: 1 } }));
await patiently((client) => client.callTool({ name: "create_a_fuse_desk_case", arguments: {} })).catch(() => undefined);
console.log(JSON.stringify({ listed, read: !read.isError, first: first.scope, last: kept.tokens.scope, asked }));
process.exit(0);
