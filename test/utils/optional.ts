import { describe, it } from 'vitest';

/**
 * `describe` for tests of something that not every machine has, found at `path`. Where it is missing they are left out,
 * and both the console and their name say why. In CI everything has to be there: they fail instead.
 */
export function optional(what: string, path: string | undefined): (name: string, body: () => void) => void {
  if (path !== undefined) return describe;
  if (process.env.CI === 'true') {
    return (name) => {
      describe(name, () => {
        it(`has ${what} to run with`, () => {
          throw new Error(`There is no ${what} on this machine, and CI leaves no test out.`);
        });
      });
    };
  }
  return (name, body) => {
    console.warn(`"${name}" is left out: there is no ${what} on this machine.`);
    describe.skip(`${name} (left out: there is no ${what} on this machine)`, body);
  };
}
