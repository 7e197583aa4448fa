// Asks the stand-in through Vercel's own SDK, whose types were generated from the live API's description.
// Prints one JSON object: for each operation its status and body as it came, what the types say against it, and the
// fields that the types call required and that were not there (the SDK silently takes "", 0 or false for those).
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , modules, url, token, teamId, project, deployment, back, domain] = process.argv;
const sdkPath = join(modules, "@vercel/sdk/esm");
const { Vercel, HTTPClient } = await load("index.js", "lib/http.js");

let seen;
const httpClient = new HTTPClient({
  fetcher: async (request) => {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/v9/projects/")) url.searchParams.set("rollbackInfo", "true"); // which it never asks
    const answer = await fetch(new Request(url, request));
    const text = await answer.clone().text();
    seen = { status: answer.status, body: text ? JSON.parse(text) : null };
    return answer;
  },
});
const sdk = new Vercel({ serverURL: url, bearerToken: token, httpClient, retryConfig: { strategy: "none" } });

const operations = {
  getProject: () => sdk.projects.getProject({ idOrName: project, teamId }),
  getDeployments: () => sdk.deployments.getDeployments({ projectId: project, teamId }),
  getDeployment: () => sdk.deployments.getDeployment({ idOrUrl: deployment, teamId }),
  getRollingRelease: () => sdk.rollingRelease.getRollingRelease({ idOrName: project, teamId, state: "ACTIVE" }),
  getAlias: () => sdk.aliases.getAlias({ idOrAlias: domain, teamId }),
  listAliases: () => sdk.aliases.listAliases({ teamId }),
  requestRollback: () =>
    sdk.projects.requestRollback({ projectId: project, deploymentId: back, teamId, description: "a reason" }),
  requestPromote: () => sdk.projects.requestPromote({ projectId: project, deploymentId: deployment, teamId }),
};
const found = {};
for (const [name, ask] of Object.entries(operations)) {
  seen = { status: null, body: null };
  try {
    const parsed = JSON.parse(JSON.stringify((await ask()) ?? null));
    found[name] = { ...seen, problems: [], absent: absent(parsed, seen.body), read: Object.keys(parsed ?? {}) };
  } catch (error) {
    found[name] = { ...seen, problems: [error.name, ...flat(error.cause?.issues ?? [])], absent: [], read: [] };
  }
}
console.log(JSON.stringify(found));

async function load(...files) {
  const parts = await Promise.all(files.map((file) => import(pathToFileURL(join(sdkPath, file)))));
  return Object.assign({}, ...parts);
}

// Paths that the SDK made up: in what it gives back, and not in what came.
function absent(parsed, raw, path = "") {
  if (parsed === null || typeof parsed !== "object") return [];
  return Object.entries(parsed).flatMap(([key, value]) => {
    const here = path ? `${path}.${key}` : key;
    const came = raw && typeof raw === "object" ? raw[key] : undefined;
    return came === undefined ? [here] : absent(value, came, here);
  });
}

function flat(issues) {
  return issues.flatMap((issue) =>
    issue.code === "invalid_union"
      ? issue.unionErrors.flatMap((error) => flat(error.issues))
      : [`${issue.path.join(".")}: ${issue.message}`],
  );
}
