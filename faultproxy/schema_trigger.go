package faultproxy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

func decodeTrigger(n schema.Node) frame.Trigger {
	if _, ok := n.Value().(string); ok {
		moments := []frame.Trigger{Accepted, Requested, Responded, timeline.Opened}
		names := make([]string, len(moments))
		for i, m := range moments {
			names[i] = m.String()
		}
		if i := slices.Index(names, n.Enum(names...)); i >= 0 {
			return moments[i]
		}
		return nil
	}
	key, v := n.OneOf("frame", "elapsed", "every", "idle", "at")
	switch key {
	case "frame":
		return frame.DecodeMatch(v)
	case "elapsed":
		return decodeElapsed(v)
	case "every":
		return Every(v.Duration())
	case "idle":
		return decodeIdle(v)
	case "at":
		return decodeAt(v)
	}
	return nil
}

func decodeElapsed(n schema.Node) Timing {
	if !isMap(n) {
		return Elapsed(n.Duration())
	}
	n.Only("after", "early", "late")
	return Elapsed(n.Required("after").Duration()).Off(n.At("early").Duration(), n.At("late").Duration())
}

func decodeIdle(n schema.Node) Timing {
	if !isMap(n) {
		return Idle(n.Duration())
	}
	n.Only("after", "reset_by", "lazy", "early", "late")
	t := Idle(n.Required("after").Duration()).Lazy(n.At("lazy").Duration()).Off(n.At("early").Duration(), n.At("late").Duration())
	if d := decodeDirection(n.At("reset_by")); d != 0 {
		t = t.ResetBy(d)
	}
	return t
}

func decodeAt(n schema.Node) Timing {
	if !isMap(n) {
		return At(n.Duration())
	}
	n.Only("after", "every", "stagger", "present")
	t := At(n.Required("after").Duration()).Every(n.At("every").Duration()).Staggered(n.At("stagger").Duration())
	t.present = n.At("present").Bool()
	return t
}

func triggerTree(on frame.Trigger) (any, error) {
	switch on := on.(type) {
	case moment:
		return on.name, nil
	case Timing:
		return on.tree()
	case frame.Match:
		m, err := frame.EncodeMatch(on)
		return map[string]any{"frame": m}, err
	case timeline.Kind:
		if on == timeline.Opened {
			return on.String(), nil
		}
	}
	return nil, fmt.Errorf("its trigger %q (%T) is none a rule can have", on, on)
}

func (t Timing) tree() (any, error) {
	key := timingNames[t.kind]
	long := map[string]any{}
	switch {
	case t.kind != idle:
	case t.by == 0:
		return nil, errors.New("its idle trigger is reset by no direction")
	case t.by != frame.Both:
		long["reset_by"] = t.by.String()
	}
	putTime(long, "lazy", t.lazy)
	putTime(long, "early", t.early)
	putTime(long, "late", t.late)
	putTime(long, "every", t.period)
	putTime(long, "stagger", t.stagger)
	put(long, "present", t.present)
	if len(long) == 0 {
		return map[string]any{key: t.d.String()}, nil
	}
	long["after"] = t.d.String()
	return map[string]any{key: long}, nil
}

// decodeConns reads 2, "2-4", "2-" (from the second on), "30%" or a map.
func decodeConns(n schema.Node) Conns {
	if isMap(n) {
		return decodeConnMap(n)
	}
	text, isText := n.Value().(string)
	if !isText {
		return Nth(n.IntIn(1, maxCount))
	}
	if share, ok := strings.CutSuffix(text, "%"); ok {
		percent, err := strconv.Atoi(strings.TrimSpace(share))
		if err != nil || percent < 1 || percent > 99 {
			n.Fail(`want a share of the connections from "1%%" to "99%%", got %q`, text)
		}
		return Conns{Percent: percent}
	}
	from, to, isRange := strings.Cut(text, "-")
	low, err := strconv.Atoi(from)
	high := low
	if isRange && to == "" {
		high = 0
	} else if isRange && err == nil {
		high, err = strconv.Atoi(to)
	}
	if err != nil || low < 1 || low > maxCount || high > maxCount {
		n.Fail(`want connections such as 2, "2-4", "2-" (from the second on) or "30%%", got %q`, text)
	}
	return Conns{From: low, To: high}
}

func decodeConnMap(n schema.Node) Conns {
	n.Only("from", "to", "every", "percent", "path", "header")
	c := Conns{
		From:    n.At("from").IntIn(0, maxCount),
		To:      n.At("to").IntIn(0, maxCount),
		Every:   n.At("every").IntIn(0, maxCount),
		Percent: n.At("percent").IntIn(0, 99),
		Path:    n.At("path").String(),
	}
	header := n.At("header")
	for _, name := range header.Keys() {
		if c.Header == nil {
			c.Header = map[string]string{}
		}
		c.Header[name] = decodeHeaderValue(header.At(name))
	}
	return c
}

func (c Conns) tree() any {
	if c.Path == "" && len(c.Header) == 0 && c.Every == 0 && c.Percent == 0 && c.From > 0 {
		switch c.To {
		case c.From:
			return c.From
		case 0:
			return fmt.Sprintf("%d-", c.From)
		}
		return fmt.Sprintf("%d-%d", c.From, c.To)
	}
	tree := map[string]any{}
	put(tree, "from", c.From)
	put(tree, "to", c.To)
	put(tree, "every", c.Every)
	put(tree, "percent", c.Percent)
	put(tree, "path", c.Path)
	if len(c.Header) > 0 {
		header := map[string]any{}
		for name, value := range c.Header {
			header[name] = value
		}
		tree["header"] = header
	}
	return tree
}

// decodeDirection reads a direction's name; 0 if the place is missing or wrong.
func decodeDirection(n schema.Node) frame.Direction {
	d, _ := frame.ParseDirection(n.Enum(frame.ToServer.String(), frame.ToClient.String(), frame.Both.String()))
	return d
}
