// Installs what the host tests need, and says nothing when it is there: node test/host/setup.mjs
import { load } from "./load.mjs";

const { setUp, Missing } = await load("setup");
try {
  await setUp({ browser: true });
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  console.error(error.message);
  process.exit(1);
}
