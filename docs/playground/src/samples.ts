/** The samples. A test checks that each has the findings for which it is there. */
import cannotSurvive from "../../cannot-survive.yaml";
import rayJob from "../samples/ray-job.yaml";
import rayService from "../samples/ray-service.yaml";
import redisWithoutAddress from "../samples/redis-without-address.yaml";
import redisWithoutPassword from "../samples/redis-without-password.yaml";
import sharedStorage from "../samples/shared-storage.yaml";
import sound from "../samples/sound.yaml";
import workerTimeout from "../samples/worker-timeout.yaml";

/** The samples by their names in the menu. The first is shown at the beginning. */
export const samples: readonly { name: string; text: string }[] = [
  { name: "A cluster that cannot survive", text: cannotSurvive },
  { name: "Workers give up before the head", text: workerTimeout },
  { name: "Redis without an address", text: redisWithoutAddress },
  { name: "Redis without a password", text: redisWithoutPassword },
  { name: "Two clusters in one storage namespace", text: sharedStorage },
  { name: "A RayService", text: rayService },
  { name: "A RayJob", text: rayJob },
  { name: "A sound cluster", text: sound },
];
