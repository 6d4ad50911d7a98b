// Starts what `./build.sh bench server` measures: Quorum on both of its stores, mwdb-core on PostgreSQL, and nginx.
// Loopback and free ports only; all of it ends with this process, whichever way that ends.

import { execFileSync, spawn } from "node:child_process";
import { chownSync, chmodSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { binary, temporaryFolder } from "../../e2e/harness/tree.mjs";

/** @type {import("node:child_process").ChildProcess[]} */
const children = [];
const folder = temporaryFolder("bench-server");
chmodSync(folder.path, 0o755);

/** A new empty folder. @param {string} name @param {number} [owner] */
function place(name, owner) {
  const path = join(folder.path, name);
  mkdirSync(path);
  if (owner !== undefined) chownSync(path, owner, owner);
  return path;
}

/** Ends everything that was started, last first, and removes what it wrote. */
export async function end() {
  for (const child of children.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGINT");
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
  }
  folder.remove();
}

/** @returns {Promise<number>} a port that was free a moment ago */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @param {number} port @returns {Promise<boolean>} */
const answers = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

/**
 * Starts a program and waits until it listens on the port.
 * @param {string} name @param {number} port @param {string[]} command
 * @param {{env?: NodeJS.ProcessEnv, as?: string}} [options]
 */
async function start(name, port, command, { env = {}, as } = {}) {
  const log = join(folder.path, `${name}.log`);
  const user = as && process.getuid?.() === 0 ? [`--reuid=${as}`, `--regid=${as}`, "--clear-groups"] : [];
  const file = openSync(log, "w");
  const child = spawn("setpriv", [...user, "--pdeathsig", "KILL", ...command], { cwd: "/", env: { ...process.env, ...env }, stdio: ["ignore", file, file] });
  children.push(child);
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`${name} does not start:\n${readFileSync(log, "utf8")}`);
    await new Promise((resolve) => setTimeout(resolve, 50)); // a port tells nobody when it opens
  }
  return { pid: /** @type {number} */ (child.pid), log };
}

/** @returns {Promise<string>} the address of a new cluster, with its user */
export async function postgres() {
  const versions = "/usr/lib/postgresql";
  const newest = existsSync(versions) ? readdirSync(versions).sort().at(-1) : undefined;
  if (!newest) throw new Error("PostgreSQL is missing: apt-get install postgresql");
  const bin = join(versions, newest, "bin");
  const as = process.getuid?.() === 0 ? "postgres" : undefined;
  const owner = as ? Number(execFileSync("id", ["-u", as])) : undefined;
  const data = place("postgres", owner);
  const asUser = as ? ["setpriv", `--reuid=${as}`, `--regid=${as}`, "--clear-groups"] : ["env"];
  execFileSync(/** @type {string} */ (asUser[0]), [...asUser.slice(1), join(bin, "initdb"), "--auth=trust", "--username=bench", "--encoding=UTF8", "--locale=C.UTF-8", "-D", data], { cwd: "/", stdio: "ignore" });
  const port = await freePort();
  await start("postgres", port, [join(bin, "postgres"), "-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200"], as ? { as } : {});
  const url = `postgresql://bench@127.0.0.1:${port}`;
  const ready = () => {
    try {
      execFileSync("psql", [`${url}/postgres`, "-qc", "SELECT 1"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  };
  while (!ready()) await new Promise((resolve) => setTimeout(resolve, 50)); // the port is open before the cluster answers
  for (const name of ["quorum", "mwdb", "few", "many"]) execFileSync("psql", [`${url}/postgres`, "-qc", `CREATE DATABASE ${name}`]);
  return url;
}

/**
 * @typedef {object} Subject a server under measurement
 * @property {string} name
 * @property {string} origin
 * @property {number} pid
 * @property {string} upload the path that takes a file as a form's field `file`
 * @property {(sha256: string) => string} report the path of a file's report
 * @property {Record<string, string>} headers
 */

/**
 * Quorum as it comes, on its embedded store or on PostgreSQL; samples in a folder both times.
 * @param {string} name
 * @param {{store?: string, settings?: Record<string, string>, from?: {backup: string, key: string}}} [options] the
 *   database's address; more of the environment; a backup to begin with, and the key of a user in it
 * @returns {Promise<Subject & {env: NodeJS.ProcessEnv, restored: number}>} with what commands beside it need, and how many
 *   seconds it took to fill the store
 */
export async function quorum(name, { store, settings = {}, from } = {}) {
  const port = await freePort();
  const data = place(name);
  const config = join(folder.path, `${name}.toml`);
  writeFileSync(config, store ? `[store]\nurl = "${store}"\n` : "");
  const env = { ...process.env, QUORUM_LISTEN: `127.0.0.1:${port}`, QUORUM_DATA: data, QUORUM_CONFIG: config, QUORUM_LOG: "warn", ...settings };
  const began = performance.now();
  if (from) execFileSync(binary(), ["restore", from.backup], { env, stdio: ["ignore", "ignore", "inherit"] });
  const restored = (performance.now() - began) / 1000;
  const { pid } = await start(name, port, [binary(), "serve"], { env });
  const key = from?.key ?? addUser(env);
  return { name, origin: `http://127.0.0.1:${port}`, pid, upload: "/api/v3/files", report: (sha256) => `/api/v3/files/${sha256}`, headers: { "x-apikey": key }, env, restored };
}

/** @param {NodeJS.ProcessEnv} env @returns {string} the key of a user without daily limits: the server is measured and not its quota */
function addUser(env) {
  const added = execFileSync(binary(), ["user", "add", "bench", "--tier", "duet"], { env, encoding: "utf8" });
  const key = /\b[0-9a-f]{64}\b/.exec(added)?.[0];
  if (!key) throw new Error(`no key in: ${added}`);
  return key;
}

/** Makes a backup of a server while it runs. @param {{env: NodeJS.ProcessEnv}} server @param {string} name @returns {string} where it is */
export function backup({ env }, name) {
  const path = join(folder.path, name);
  execFileSync(binary(), ["backup", path], { env, stdio: ["ignore", "ignore", "inherit"] });
  return path;
}

/**
 * mwdb-core as its manual installs it, behind gunicorn, with four workers as its own image has them.
 * @param {string} database @param {string} venv where it is installed
 * @returns {Promise<Subject>}
 */
export async function mwdb(database, venv) {
  const port = await freePort();
  const env = {
    MWDB_POSTGRES_URI: database, MWDB_SECRET_KEY: "of a benchmark", MWDB_UPLOADS_FOLDER: place("mwdb"),
    MWDB_ADMIN_PASSWORD: "of a benchmark", MWDB_ENABLE_KARTON: "0", MWDB_SERVE_WEB: "0", MWDB_BASE_URL: `http://127.0.0.1:${port}`,
  };
  const setUp = "from mwdb.cli.base import create_app\nwith create_app().app_context():\n from mwdb.cli.database import configure_database\n configure_database()";
  execFileSync(join(venv, "bin/python"), ["-c", setUp], { cwd: folder.path, env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
  const { pid } = await start("mwdb", port, [join(venv, "bin/gunicorn"), "--workers", "4", "--bind", `127.0.0.1:${port}`, "mwdb.app:app"], { env });
  const origin = `http://127.0.0.1:${port}`;
  const login = await fetch(`${origin}/api/auth/login`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ login: "admin", password: "of a benchmark" }) });
  const { token } = await login.json();
  if (!token) throw new Error(`mwdb-core does not log us in: ${login.status}`);
  return { name: "mwdb-core", origin, pid, upload: "/api/file", report: (sha256) => `/api/file/${sha256}`, headers: { authorization: `Bearer ${token}` } };
}

/**
 * nginx, serving these bodies as files.
 * @param {Map<string, string>} bodies by name
 * @returns {Promise<Subject>}
 */
export async function nginx(bodies) {
  const program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].find(existsSync);
  if (!program) throw new Error("nginx is missing: apt-get install nginx-light");
  const port = await freePort();
  const home = place("nginx");
  mkdirSync(join(home, "files"));
  for (const [name, body] of bodies) writeFileSync(join(home, "files", name), body);
  // Read by its workers, which are nobody.
  chmodSync(home, 0o755);
  writeFileSync(join(home, "nginx.conf"), `daemon off; pid ${home}/pid; error_log ${home}/error.log; worker_processes auto;
events { worker_connections 1024; }
http { access_log off; default_type application/json; keepalive_requests 1000000; sendfile on; open_file_cache max=2000;
  client_body_temp_path ${home}/1; proxy_temp_path ${home}/2; fastcgi_temp_path ${home}/3; uwsgi_temp_path ${home}/4; scgi_temp_path ${home}/5;
  server { listen 127.0.0.1:${port}; root ${home}/files; } }`);
  const { pid } = await start("nginx", port, [program, "-c", join(home, "nginx.conf")]);
  return { name: "nginx", origin: `http://127.0.0.1:${port}`, pid, upload: "", report: (sha256) => `/${sha256}`, headers: {} };
}

/** Resident memory of a process, in MiB. @param {number} pid */
export const resident = (pid) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

/** Where the samples and the rows lie; removed at the end. */
export const HOME = folder.path;
