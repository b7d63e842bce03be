// The keep-alive time of MQTT is in whole seconds.
import mqtt from "mqtt";

export default function play(url, interval, say) {
  const client = mqtt.connect(url, {
    protocolVersion: 4,
    keepalive: Math.max(1, Math.round(interval / 1000)),
    reconnectPeriod: 0,
  });
  client.on("connect", () => {
    say("connected");
    client.subscribe("weather/#", (error, granted) => {
      if (error) return say("failed", { reason: error.message });
      client.unsubscribe("weather/#", (error) => {
        if (error) return say("failed", { reason: error.message });
        say("session", { granted: granted.map((g) => g.qos) });
      });
    });
  });
  client.on("packetsend", ({ cmd }) => cmd === "pingreq" && say("beat"));
  client.on("packetreceive", ({ cmd }) => cmd === "pingresp" && say("answer"));
  client.on("error", (error) => say("gave-up", { reason: error.message }));
}
