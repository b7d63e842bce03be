import { Client } from "@stomp/stompjs";
import WebSocket from "ws";

export default function play(url, interval, say) {
  const client = new Client({
    webSocketFactory: () => new WebSocket(url, ["v12.stomp", "v11.stomp", "v10.stomp"]),
    heartbeatOutgoing: interval,
    heartbeatIncoming: interval,
    reconnectDelay: 0,
    debug: (message) => message === ">>> PING" && say("beat"),
    onConnect: () => {
      say("connected");
      client.watchForReceipt("r-1", () => say("session"));
      client.subscribe("/topic/weather", () => {}, { receipt: "r-1" });
    },
    onStompError: (frame) => say("failed", { reason: frame.headers.message }),
    onHeartbeatReceived: () => say("server-beat"),
    onHeartbeatLost: () => say("gave-up", { reason: "heartbeat lost" }),
  });
  client.activate();
}
