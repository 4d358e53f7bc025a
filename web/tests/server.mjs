// The whole line on this machine: `knipperlicht dev` with servers, data and ports of its own, which a
// test can stop and start again. Nothing of ours is replaced.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const REPOSITORY = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const PROGRAM = process.env.KL_BINARY ?? join(process.env.CARGO_TARGET_DIR ?? join(REPOSITORY, 'target'), 'debug/knipperlicht');
const READY = 90_000;

const run = promisify(execFile);

/** A port that nobody uses. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts everything in a new folder. */
export async function startLine() {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there: cargo build --bin knipperlicht, after npm run build`);
  const folder = mkdtempSync(join(tmpdir(), 'knipperlicht-web-'));
  const line = new Line(folder, await freePort(), await freePort());
  await line.start();
  return line;
}

class Line {
  #process;
  #said = '';

  constructor(folder, grpcPort, port) {
    this.folder = folder;
    this.grpc = `127.0.0.1:${grpcPort}`;
    this.listen = `127.0.0.1:${port}`;
    /** Where a browser goes. */
    this.address = `http://localhost:${port}`;
  }

  async start() {
    const options = ['dev', '--dir', this.folder, '--listen', this.grpc, '--gateway-listen', this.listen];
    // Servers of whoever runs the tests are none of theirs.
    const { DATABASE_URL: _, NATS_URL: __, ...environment } = process.env;
    this.#process = spawn(PROGRAM, options, { cwd: REPOSITORY, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.on('data', (bytes) => (this.#said = (this.#said + bytes).slice(-20_000)));
    }
    const until = Date.now() + READY;
    while (Date.now() < until) {
      if (this.#process.exitCode !== null) throw new Error(`knipperlicht dev ended:\n${this.#said}`);
      const answer = await fetch(`${this.address}/dev/people`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`knipperlicht dev is not ready after ${READY / 1000} s:\n${this.#said}`);
  }

  /** The network is gone: nobody listens at the address any more. */
  async stop() {
    const { exitCode } = this.#process;
    if (exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await ended;
  }

  async remove() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Runs a command of the program as one of the demo people; what it answers, read. */
  async ask(person, ...words) {
    const url = `http://${this.grpc}`;
    const environment = {
      ...process.env,
      KL_INTAKE_URL: url,
      KL_ASSESSMENT_URL: url,
      KL_ROUTING_URL: url,
      KL_FOLLOWUP_URL: url,
      KL_NOTIFICATION_URL: url,
    };
    const options = ['--json', '--dev-dir', this.folder, ...(person ? ['--as', person] : [])];
    const { stdout } = await run(PROGRAM, [...words, ...options], { env: environment });
    return JSON.parse(stdout);
  }

  /** Asks until the answer is what is waited for, or ten seconds are over. */
  async until(isIt, ask) {
    const end = Date.now() + 10_000;
    for (;;) {
      const answer = await ask();
      if (isIt(answer)) return answer;
      if (Date.now() > end) throw new Error(`not so after 10 s: ${JSON.stringify(answer).slice(0, 2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
