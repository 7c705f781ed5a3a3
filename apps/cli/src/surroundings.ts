/** What a command line runs in: of a process, or of a spec. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly stdout: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>;
  readonly stderr: Pick<NodeJS.WriteStream, 'write'>;
}
