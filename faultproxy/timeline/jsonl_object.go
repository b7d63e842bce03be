package timeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// member is one key of a JSON object, in order.
type member struct {
	key   string
	value json.RawMessage
}

func (m member) into(v any) error {
	if err := json.Unmarshal(m.value, v); err != nil {
		return fmt.Errorf("key %q: %w", m.key, err)
	}
	return nil
}

func (m member) named(parse func(string) error) error {
	var s string
	if err := m.into(&s); err != nil {
		return err
	}
	if err := parse(s); err != nil {
		return fmt.Errorf("key %q: %w", m.key, err)
	}
	return nil
}

// object splits a JSON object into its members, in order, which encoding/json's
// maps do not keep.
func object(line []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	first, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", unexpected(err))
	}
	if first != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	var members []member
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("not JSON: %w", unexpected(err))
		}
		var m member
		m.key, _ = key.(string)
		if err := d.Decode(&m.value); err != nil {
			return nil, fmt.Errorf("not JSON: %w", unexpected(err))
		}
		members = append(members, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("not JSON: %w", unexpected(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON object on the line")
	}
	return members, nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

const maxSeconds = math.MaxInt64/int64(time.Second) - 1

// parseSeconds reads a decimal number of seconds exactly; digits beyond the
// nanosecond are dropped.
func parseSeconds(s string) (time.Duration, error) {
	bad := func() (time.Duration, error) {
		return 0, fmt.Errorf("key \"t\": %q is not a time in seconds", s)
	}
	digits, negative := strings.CutPrefix(s, "-")
	whole, part, _ := strings.Cut(digits, ".")
	if strings.ContainsAny(digits, "eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.Abs(f) > float64(maxSeconds) {
			return bad()
		}
		return time.Duration(f * float64(time.Second)), nil
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds > maxSeconds {
		return bad()
	}
	nanos, err := strconv.ParseInt((part + "000000000")[:9], 10, 64)
	if err != nil {
		return bad()
	}
	d := time.Duration(seconds)*time.Second + time.Duration(nanos)
	if negative {
		d = -d
	}
	return d, nil
}
