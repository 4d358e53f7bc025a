/** Whoever gives out tokens said no: the person has to sign in again. Whatever else goes wrong on the way
 * there, such as a provider that starts anew behind its proxy, passes by itself. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
