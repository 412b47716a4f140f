import { furnish } from "./page.js";

furnish({ quiet: true });
