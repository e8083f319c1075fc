/** A command that has answered "no": exit code 1, nothing more to print. */
export class AnsweredNo extends Error {
  override readonly name = 'AnsweredNo'
}
