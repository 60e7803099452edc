/** An error as the system reports it, with its `code`. */
export function systemError(call: string, code: string, detail: string): Error {
  return Object.assign(new Error(`${call} ${code} ${detail}`), { code, syscall: call });
}
