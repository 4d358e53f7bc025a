// The whole line on throw-away servers, with a clock that a test moves (`knipperlicht-stage`).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const REPOSITORY = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const PROGRAM = process.env.KL_STAGE ?? join(process.env.CARGO_TARGET_DIR ?? join(REPOSITORY, 'target'), 'debug/knipperlicht-stage');
const READY = 120_000;

/** Starts it; it ends with this process, or by `remove`. */
export async function startStage() {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there: cargo build -p knipperlicht-stage, after npm run build`);
  const { DATABASE_URL: _, NATS_URL: __, ...environment } = process.env;
  const program = spawn(PROGRAM, [], { cwd: REPOSITORY, env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  program.stderr.on('data', (bytes) => (said = (said + bytes).slice(-20_000)));
  const ended = new Promise((resolve) => program.once('exit', resolve));
  const places = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the stage is not ready after ${READY / 1000} s:\n${said}`)), READY);
    void ended.then(() => reject(new Error(`the stage ended:\n${said}`)));
    createInterface({ input: program.stdout }).once('line', (line) => {
      clearTimeout(late);
      resolve(JSON.parse(line));
    });
  });
  const post = async (path) => {
    const response = await fetch(`${places.control}${path}`, { method: 'POST' });
    if (!response.ok) throw new Error(`the stage answers ${response.status} to ${path}`);
  };
  return {
    /** Where a browser goes. */
    address: places.app,
    /** Moves time. */
    advance: (hours) => post(`/advance?hours=${hours}`),
    /** Cuts the way to the line, or mends it. */
    network: (up) => post(`/network?up=${up}`),
    remove: async () => {
      program.stdin.end();
      await ended;
    },
  };
}
