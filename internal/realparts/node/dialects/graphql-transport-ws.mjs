// The client sends pings by itself, but whether a pong came is the application's
// business: the timer is the one the library's documentation asks for.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

export default function play(url, interval, say) {
  let overdue;
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    lazy: false,
    keepAlive: interval,
    retryAttempts: 0,
    onNonLazyError: () => {},
    on: {
      opened: () => say("connected"),
      connected: () => say("session"),
      ping: (received) => {
        if (received) return say("server-beat");
        say("beat");
        overdue = setTimeout(() => client.terminate(), interval);
      },
      pong: (received) => {
        if (!received) return;
        say("answer");
        clearTimeout(overdue);
      },
      closed: ({ code, reason }) => say("gave-up", { reason: `${code} ${reason}` }),
    },
  });
}
