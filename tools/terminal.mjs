// Progress goes to stderr, so that stdout stays what a command answers (`bench --json`).
const onTerminal = process.stderr.isTTY === true && process.env.CI === undefined;

export const say = (line) => process.stderr.write(`${line}\n`);

/** Shows what is being done and, on a terminal, since when. */
export async function step(title, work) {
  const startedAt = Date.now();
  const seconds = () => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
  const redraw = () => process.stderr.write(`\r\x1b[2K… ${title} (${seconds()})`);
  const timer = onTerminal ? setInterval(redraw, 200) : undefined;
  const end = (mark) => {
    clearInterval(timer);
    process.stderr.write(`${onTerminal ? '\r\x1b[2K' : ''}${mark} ${title} (${seconds()})\n`);
  };
  try {
    const result = await work();
    end('✓');
    return result;
  } catch (error) {
    end('✗');
    throw error;
  }
}
