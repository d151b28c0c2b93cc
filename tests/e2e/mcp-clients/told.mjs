/** Returns a result of `tools/call` as the protocol of a client program has it. */
export function told(result) {
  const text = result.content.map((part) => part.text ?? '').join('');
  return { text, is_error: result.isError === true };
}
