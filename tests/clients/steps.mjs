// What every JavaScript client is asked to do; prints one line of JSON with what came of each step.

export async function walk(client, connect, note) {
  const came = {};
  const step = async (name, work) => {
    try {
      came[name] = await work();
    } catch (problem) {
      came[name] = { error: `${problem?.name}: ${problem?.message}` };
    }
  };
  await step("connect", connect);
  if (!came.connect?.error) {
    await step("list", async () => (await client.listTools()).tools.map((tool) => tool.name));
    await step("read", () =>
      client.callTool({ name: "get_single_fuse_desk_case_by_id", arguments: { id: "CAS-89102" } }),
    );
    await step("page", () =>
      client.callTool({
        name: "list_all_fuse_desk_cases",
        arguments: { status: "open", limit: 1 },
      }),
    );
    await step("write", () =>
      client.callTool({ name: "fuse_desk_cases_add_note", arguments: { id: "CAS-89102", note } }),
    );
    await step("invalid", () =>
      client.callTool({ name: "list_all_fuse_desk_cases", arguments: { status: "nonsense" } }),
    );
  }
  await step("close", async () => {
    await client.close();
    return true;
  });
  process.stdout.write(`${JSON.stringify(came)}\n`);
}
