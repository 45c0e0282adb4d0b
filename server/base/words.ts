/** Capitals that are read as a word and not letter by letter. */
const READ_AS_WORDS = /^(?:NAT|NACL|SAM|RAM|REST|SAML|SUSE)$/;

/**
 * A noun with its article, by how it is said: `an S3 bucket`, `an IAM role`, `a VPC`, `an HTTP API`, `a user`, `an hour`.
 */
export function withArticle(noun: string): string {
  const [word = ""] = noun.split(/[\s-]/);
  return `${soundsOfVowel(word) ? "an" : "a"} ${noun}`;
}

function soundsOfVowel(word: string): boolean {
  // Letter by letter: "an ess-three bucket", "a vee-pee-see".
  if (/^[A-Z][A-Z\d]*$/.test(word) && !READ_AS_WORDS.test(word)) return /^[AEFHILMNORSX]/.test(word);
  const lower = word.toLowerCase();
  if (/^(?:hour|honest|honou?r)/.test(lower)) return true;
  // "you": user, unit, unique, European; "won": one-off.
  if (/^(?:us(?:[aeu]|$)|uni(?:$|[^nm])|uti|eu|onc?e$)/.test(lower)) return false;
  return /^[aeiou]/.test(lower) || /^(?:8|11$|18$)/.test(lower);
}
