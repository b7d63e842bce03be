package diagnosis

import (
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// ParsePolicy reads a policy from a tree as YAML and JSON decoders make it, such as
//
//	dialect: text
//	interval: 30s
//	answer_timeout: 10s
//	backoff: {kind: exponential, first: 1s, max: 30s, jitter: full}
//	give_up_codes: [1008, "4000-4099"]
//	waive: [R5-one-live]
//
// The keys are the fields of [Policy] and [Backoff]; a dialect is one of the names that
// heartbeat.Parse knows, or a map as heartbeat.Encode writes it. It says everything
// that is wrong, with the path of each problem. [Policy.Tree] writes such trees.
func ParsePolicy(tree any) (Policy, error) {
	var p Policy
	err := schema.Decode(tree, func(n schema.Node) { p = DecodePolicy(n) })
	return p, err
}

// maxNumber bounds the numbers of a policy, so that they fit an int everywhere.
const maxNumber = 1<<31 - 1

// DecodePolicy is [ParsePolicy] for a part of a larger document. What is wrong is
// recorded at the node, and the result is then of no use.
func DecodePolicy(n schema.Node) Policy {
	n.Only("name", "browser", "client", "dialect", "interval", "tolerance", "rearm", "answer_timeout", "idle_timeout", "pong_within",
		"connect_timeout", "close_timeout", "backoff", "retry_after", "try_again_after", "give_up_codes", "give_up_statuses",
		"max_live", "overlap", "resubscribe", "resubscribe_within", "continuity", "client_by", "reports", "waive")
	p := Policy{
		Name:              n.At("name").String(),
		Browser:           n.At("browser").Bool(),
		Interval:          n.At("interval").Duration(),
		Tolerance:         n.At("tolerance").Duration(),
		AnswerTimeout:     n.At("answer_timeout").Duration(),
		IdleTimeout:       n.At("idle_timeout").Duration(),
		PongWithin:        n.At("pong_within").Duration(),
		ConnectTimeout:    n.At("connect_timeout").Duration(),
		CloseTimeout:      n.At("close_timeout").Duration(),
		RetryAfter:        n.At("retry_after").Bool(),
		TryAgainAfter:     n.At("try_again_after").Duration(),
		GiveUpCodes:       decodeRanges(n.At("give_up_codes")),
		GiveUpStatuses:    decodeRanges(n.At("give_up_statuses")),
		MaxLive:           n.At("max_live").IntIn(0, maxNumber),
		Overlap:           n.At("overlap").Duration(),
		ResubscribeWithin: n.At("resubscribe_within").Duration(),
		Rearm:             Rearm(index(n.At("rearm"), rearmNames)),
	}
	if n.At("client").Enum(Chromium.String(), NodeWS.String()) == NodeWS.String() {
		p.Client = NodeWS
	}
	if dialect := n.At("dialect"); dialect.Exists() {
		p.Dialect = heartbeat.Decode(dialect)
	}
	if backoff := n.At("backoff"); backoff.Exists() {
		p.Backoff = decodeBackoff(backoff)
	}
	for _, m := range n.At("resubscribe").OneOrMany() {
		p.Resubscribe = append(p.Resubscribe, frame.DecodeMatch(m))
	}
	if c := n.At("continuity"); c.Exists() {
		if c.Only("messages", "number", "repeats"); isMap(c) {
			p.Continuity = Continuity{Messages: frame.DecodeMatch(c.Required("messages")), Number: c.Required("number").String(), Repeats: c.At("repeats").Bool()}
		}
	}
	if by := n.At("client_by"); by.Exists() {
		p.ClientBy = decodeClientBy(by)
	}
	if r := n.At("reports"); r.Exists() {
		r.Only("open", "close", "disconnect")
		p.Reports = ReportNames{Open: r.At("open").String(), Close: r.At("close").String(), Disconnect: r.At("disconnect").String()}
	}
	for _, id := range n.At("waive").OneOrMany() {
		p.Waive = append(p.Waive, decodeRule(id))
	}
	if !n.Failed() {
		for _, each := range p.problems() {
			keyed(n, each.path).Fail("%s", each.text)
		}
	}
	return p
}

// keyed is the place of a problem: keys with dots between, the last one perhaps with
// an index, of a list or of the single value that stands for one.
func keyed(n schema.Node, path string) schema.Node {
	for _, key := range strings.Split(path, ".") {
		name, rest, listed := strings.Cut(key, "[")
		n = n.At(name)
		if i, err := strconv.Atoi(strings.TrimSuffix(rest, "]")); listed && err == nil {
			if elements := n.OneOrMany(); i < len(elements) {
				n = elements[i]
			}
		}
	}
	return n
}

// isMap reports whether a node can have keys, null being an empty map.
func isMap(n schema.Node) bool {
	switch n.Value().(type) {
	case nil, map[string]any, map[any]any:
		return true
	}
	return false
}

// decodeRule reads the ID of a rule.
func decodeRule(n schema.Node) RuleID {
	text, isText := n.Value().(string)
	if _, known := ruleInfo(RuleID(text)); isText && !known {
		if hint := meantRule(text); hint != "" {
			n.Fail("unknown value %q; %s known: %s", text, hint, strings.Join(ruleNames(), ", "))
			return ""
		}
	}
	return RuleID(n.Enum(ruleNames()...))
}

// index returns which of the names a node holds; 0 if it holds none.
func index(n schema.Node, names []string) int {
	value := n.Enum(names...)
	for i, each := range names {
		if each == value {
			return i
		}
	}
	return 0
}

func decodeRanges(n schema.Node) []Range {
	var ranges []Range
	for _, each := range n.OneOrMany() {
		text, isText := each.Value().(string)
		if !isText {
			number := each.IntIn(0, 4999)
			ranges = append(ranges, Range{number, number})
			continue
		}
		from, to, found := strings.Cut(text, "-")
		low, err1 := strconv.Atoi(from)
		high, err2 := strconv.Atoi(to)
		if !found || err1 != nil || err2 != nil {
			each.Fail(`want a number such as 4001 or a range such as "4000-4099", got %q`, text)
		}
		ranges = append(ranges, Range{low, high})
	}
	return ranges
}

func decodeClientBy(n schema.Node) ClientBy {
	if _, isText := n.Value().(string); isText {
		return ClientBy{Process: n.Enum("process") != ""}
	}
	switch key, v := n.OneOf("query", "header"); key {
	case "query":
		return ClientBy{Query: v.String()}
	case "header":
		return ClientBy{Header: v.String()}
	}
	return ClientBy{}
}

func decodeBackoff(n schema.Node) Backoff {
	if n.Only("kind", "first", "step", "steps", "factor", "max", "jitter", "share", "reset_after", "attempts", "initial"); !isMap(n) {
		return Backoff{}
	}
	b := Backoff{
		Kind:       BackoffKind(index(n.Required("kind"), backoffNames)),
		First:      n.At("first").Duration(),
		Step:       n.At("step").Duration(),
		Factor:     n.At("factor").Float(),
		Max:        n.At("max").Duration(),
		Jitter:     Jitter(index(n.At("jitter"), jitterNames)),
		Share:      n.At("share").Float(),
		ResetAfter: n.At("reset_after").Duration(),
		Attempts:   n.At("attempts").IntIn(0, maxNumber),
		Initial:    n.At("initial").Duration(),
	}
	for _, d := range n.At("steps").OneOrMany() {
		b.Steps = append(b.Steps, d.Duration())
	}
	return b
}
