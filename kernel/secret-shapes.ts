/** Names of fields, headers and variables that hold what nobody is shown, without what stands between their words. */
const SECRET_NAME =
  /^(.*((api|access|account|auth|consumer|encryption|license|master|private|secret|session|shared|signing|subscription)keys?|assertions?|authorizations?|cookies?|credentials?|jwts?|passphrases?|passcodes?|passwords?|passwd|secrets?|sessionids?|signatures?|tokens?)|auth|bearer|otp|pass|pat|pin|pwd|session|sid|sig)$/;
/** Names of parameters in addresses that hold a secret. */
const SECRET_PARAMETER =
  /key|token|sig|secret|pass|pwd|auth|code|cred|session|jwt|assertion|bearer|saml|ticket|(^|[-_])(otp|pat|pin|sid)$/i;
const LONG = 20;
const LONG_WITHOUT_WORDS = 24;
const MOST_BITS_OF_WORDS = 3.5;
/** Of those which are shown. */
const COMMIT = /^[0-9a-f]{40}$/;
/** Bots of Telegram have their token in the path: `bot123456:ABC…`. */
const BOT_TOKEN = /^bot\d+(:|%3a)./i;

/** Whether a name says that its value is a secret: `refreshToken`, `client_assertion`, `X-Api-Key`. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(/[-_\s]/g, '').toLowerCase());
}

/** The same of the name of a parameter in an address: of those, more is taken for a secret. */
export function isSecretParameter(name: string): boolean {
  return SECRET_PARAMETER.test(name);
}

/** Whether a text is long, and has more to it than words have. */
export function isRandom(text: string): boolean {
  if (text.length <= LONG) return false;
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits > MOST_BITS_OF_WORDS;
}

/** Whether a segment of a path, or what stands alone behind a `?` or `#`, looks like a key: names of files do not. */
export function isSecretSegment(segment: string): boolean {
  if (BOT_TOKEN.test(segment)) return true;
  return segment.split(/[^\w-]/).some(isKey);
}

function isKey(run: string): boolean {
  if (run.length < LONG || COMMIT.test(run)) return false;
  const digits = run.match(/\d/g)?.length ?? 0;
  if (digits >= 2 && /[a-z]/.test(run) && /[A-Z]/.test(run) && isRandom(`${run} `)) return true;
  return digits >= 4 && run.split(/[-_]/).some((piece) => piece.length >= LONG_WITHOUT_WORDS && /[a-z]/i.test(piece));
}
