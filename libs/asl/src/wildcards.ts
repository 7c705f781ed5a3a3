const ANY = Symbol('any run of characters');

/** `*` stands for any run of characters; `\*` and `\\` for the character itself. */
const tokensOf = (pattern: string): (string | typeof ANY)[] => {
  const tokens: (string | typeof ANY)[] = [];
  for (let i = 0; i < pattern.length; i += 1) {
    const following = pattern[i + 1];
    if (pattern[i] === '\\' && (following === '*' || following === '\\')) {
      tokens.push(following);
      i += 1;
    } else tokens.push(pattern[i] === '*' ? ANY : (pattern[i] ?? ''));
  }
  return tokens;
};

/** The comparison of `StringMatches`. Goes back only to the last `*`, so it needs at most text × pattern steps. */
export const matchesWildcards = (text: string, pattern: string): boolean => {
  const tokens = tokensOf(pattern);
  let at = 0;
  let token = 0;
  let resume: { at: number; token: number } | undefined;
  while (at < text.length) {
    if (tokens[token] === ANY) {
      token += 1;
      resume = { at, token };
    } else if (token < tokens.length && tokens[token] === text[at]) {
      at += 1;
      token += 1;
    } else if (resume) {
      resume = { at: resume.at + 1, token: resume.token };
      ({ at, token } = resume);
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === ANY);
};
