// The URL is the hub's: the client asks it over HTTP how to connect.
import { HttpTransportType, HubConnectionBuilder, LogLevel } from "@microsoft/signalr";

export default async function play(url, interval, say) {
  const log = (level, message) => {
    if (level < LogLevel.Information) return;
    if (message.startsWith("WebSocket connected")) say("connected");
  };
  const hub = new HubConnectionBuilder()
    .withUrl(url.replace(/^ws/, "http"), { transport: HttpTransportType.WebSockets })
    .configureLogging({ log })
    .build();
  hub.keepAliveIntervalInMilliseconds = interval;
  hub.serverTimeoutInMilliseconds = 2 * interval;
  hub.onclose((error) => say("gave-up", { reason: error?.message ?? "" }));
  await hub.start();
  say("session");
}
