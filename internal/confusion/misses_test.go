package confusion

// Why some rows are taken for something else than they are.
const (
	oddSetting = "a single FIN after a silence of no round length may be anything; it takes the same silence twice (row \"three times\")"
	oddLimit   = "a single FIN at an age of no round length may be anything; it takes the same age twice (row \"three times\")"
	swallowed  = "the proxy records pongs that pass, and the client takes them for the rest of the frame whose header lied; in front they are seen as such"
	sameTwice  = "the server never said a byte, so its silence is as long as the connection: both explanations fit"
)

// misses are those rows, by group, name and place.
var misses = map[string]string{
	"the proxy, frames changed/text to-client: malform: length 1000 own":                     swallowed,
	"the proxy, timers/idle-timeout: on idle 1.5s, end both sides with full-close front":     oddSetting,
	"the proxy, timers/idle-timeout: on idle 7.3s, end both sides with full-close front":     oddSetting,
	"the proxy, timers/idle-timeout: on idle 17s, end both sides with full-close front":      oddSetting,
	"the proxy, timers/lifetime: on elapsed 7.33s, end both sides with full-close own":       oddLimit,
	"the proxy, timers/lifetime: on elapsed 7.33s, end both sides with full-close front":     oddLimit,
	"the proxy, timers/lifetime: on elapsed 12s, end both sides with full-close front":       oddLimit,
	"the server/Script(WhenIdle(20s, to-client, Fin())), never a byte of the server's own":   sameTwice,
	"the server/Script(WhenIdle(20s, to-client, Fin())), never a byte of the server's front": sameTwice,
}
