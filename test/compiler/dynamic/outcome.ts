/** The value, or the words of the error. */
export function outcome(action: () => unknown): unknown {
  try {
    return { value: action() };
  } catch (error) {
    return { error: String(error) };
  }
}
