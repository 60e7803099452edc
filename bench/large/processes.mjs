/** Starts, asks and ends the processes of a measurement. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * @param script beside this file
 * @param through a command that runs the process, such as `ip netns exec NAME`
 */
export async function start(script, through = []) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const [execPath, ...words] = [...through, process.execPath];
  const child = fork(path, [], { execPath, execArgv: words });
  const gone = once(child, 'exit').then(([code, signal]) => ({
    error: `${script} ended with ${code ?? signal}`,
  }));
  const answer = async () => {
    const message = await Promise.race([once(child, 'message').then(([first]) => first), gone]);
    if (message.error !== undefined) throw new Error(message.error);
    return message.value;
  };
  await answer();
  return {
    ask(duty, argument) {
      child.send({ duty, argument });
      return answer();
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
      await gone;
      clearTimeout(timer);
    },
  };
}
