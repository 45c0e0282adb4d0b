import { newPipeline } from "../new-pipeline.js";
import type { Run } from "./command.js";

export const run: Run = (services, argument) => newPipeline(services, argument);
