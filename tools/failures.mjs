/** What to do about failures that users can do something about, told by what the failing program said. */
const ADVICE = [
  [
    /ENOSPC|No space left on device|insufficient storage resources/i,
    'The disk is full: free some space, then try again.',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|npm error code ECONNREFUSED|ENETUNREACH|ETIMEDOUT|network request .* failed|Could not resolve host/i,
    'The network could not be reached. The first start fetches npm packages (and nats-server where none is installed): check the connection or proxy, then try again.',
  ],
  [
    /EACCES|EPERM|EROFS|permission denied|read-only file system/i,
    'A folder could not be written: make this checkout yours (chown), or set THROUGHLINE_HOME to a folder of your own.',
  ],
  [
    /EUSAGE|npm ci.*can only install/i,
    'package.json and package-lock.json do not agree: take both from the same commit.',
  ],
];

export function advice(text) {
  return ADVICE.find(([pattern]) => pattern.test(text))?.[1];
}
