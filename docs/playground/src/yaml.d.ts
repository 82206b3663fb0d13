/** The text of a file. */
declare module "*.yaml" {
  const text: string;
  export default text;
}
