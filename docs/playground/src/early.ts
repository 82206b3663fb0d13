/** Runs before the page is drawn, so that it never flashes in the other colours. */
import { apply, chosen, follow } from "./theme";

apply(chosen());
follow();
