// What every framework in JavaScript is asked to do; prints one line of JSON: the tools that it lists, and what its
// model would read. `call` takes a tool's name and arguments, and returns the text that the model gets.

export async function walk(listed, call, note) {
  const came = { list: listed };
  const steps = {
    read: ["get_single_fuse_desk_case_by_id", { id: "CAS-89102" }],
    page: ["list_all_fuse_desk_cases", { status: "open", limit: 1 }],
    write: ["fuse_desk_cases_add_note", { id: "CAS-89102", note }],
    invalid: ["list_all_fuse_desk_cases", { status: "nonsense" }],
    refused: ["update_a_fuse_desk_case_by_id", { id: "CAS-89102" }],
  };
  for (const [step, [name, args]] of Object.entries(steps)) {
    try {
      came[step] = { text: await call(name, args) };
    } catch (problem) {
      came[step] = { raised: `${problem?.name}: ${problem?.message}` };
    }
  }
  process.stdout.write(`\n${JSON.stringify(came)}\n`);
}
