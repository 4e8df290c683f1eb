// The Java programs inside @salesforce/code-analyzer-pmd-engine. They are reached by path, which the
// package does not promise to keep: hence its exact version.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const BRIEF = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']; // for a run of seconds

const LIBRARY = path.join(path.dirname(require.resolve('@salesforce/code-analyzer-pmd-engine/package.json')), 'dist', 'java-lib');

/** The newest API version whose standard types the checker has, e.g. "65.0". */
export const NEWEST_VERSION = fs
  .readdirSync(LIBRARY)
  .map((file) => /^standard-types-(\d+\.\d)\.\d+\.jar$/.exec(file)?.[1])
  .find(Boolean);

/** Runs a main class; returns {status, stdout, stderr}. Throws where there is no Java. */
export function java(...args) {
  const run = spawnSync('java', [...BRIEF, '-cp', path.join(LIBRARY, '*'), ...args], { encoding: 'utf8' });
  if (run.error) throw run.error;
  return run;
}
