/** The bundler puts the style sheet beside the script. */
declare module "*.css";
