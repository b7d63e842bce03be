package frame

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// decodeJSON reads one document into map[string]any, []any, string, bool, nil and
// json.Number.
func decodeJSON(document []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON document")
	}
	return value, nil
}

// plainJSON turns any value that encoding/json can write into what decodeJSON
// returns.
func plainJSON(value any) (any, error) {
	text, err := json.Marshal(stringKeys(value))
	if err != nil {
		return nil, fmt.Errorf("the value cannot be written as JSON: %w", err)
	}
	return decodeJSON(text)
}

// stringKeys replaces the map[any]any that YAML decoders make by what encoding/json
// understands.
func stringKeys(value any) any {
	switch v := value.(type) {
	case map[any]any:
		m := make(map[string]any, len(v))
		for key, each := range v {
			m[fmt.Sprint(key)] = stringKeys(each)
		}
		return m
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, each := range v {
			m[key] = stringKeys(each)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, each := range v {
			l[i] = stringKeys(each)
		}
		return l
	}
	return value
}

// treeJSON returns a value of decodeJSON for a document: numbers become Go's own
// where they can without loss, which every encoder writes as numbers.
func treeJSON(value any) any {
	switch v := value.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return i
		}
		if u, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return u
		}
		f, err := v.Float64()
		if err == nil && !math.IsInf(f, 0) && sameNumber(v.String(), strconv.FormatFloat(f, 'g', -1, 64)) {
			return f
		}
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, each := range v {
			m[key] = treeJSON(each)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, each := range v {
			l[i] = treeJSON(each)
		}
		return l
	}
	return value
}

// jsonText writes a value of decodeJSON for a message.
func jsonText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// sameJSON compares two values of decodeJSON, numbers by value.
func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		return ok && sameNumber(a.String(), b.String())
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key, value := range a {
			other, ok := b[key]
			if !ok || !sameJSON(value, other) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !sameJSON(a[i], b[i]) {
				return false
			}
		}
		return true
	}
	return a == b
}

// sameNumber compares two JSON numbers exactly, however they are written and
// however large: identifiers beyond 2^53 differ by their last digit.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	negA, digitsA, expA := decimal(a)
	negB, digitsB, expB := decimal(b)
	return digitsA == digitsB && (digitsA == "" || negA == negB && expA == expB)
}

// decimal takes a JSON number apart: it is ±0.digits × 10^exp, the digits without
// zeros at either end; none for zero.
func decimal(s string) (negative bool, digits string, exp int64) {
	s, negative = strings.CutPrefix(s, "-")
	mantissa, power, _ := strings.Cut(strings.ToLower(s), "e")
	if power != "" {
		// An exponent too large for int64 stays at its bound; no payload can hold
		// the digits that would make a difference.
		exp, _ = strconv.ParseInt(power, 10, 64)
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits = strings.TrimLeft(whole+fraction, "0")
	exp += int64(len(digits) - len(fraction))
	return negative, strings.TrimRight(digits, "0"), exp
}
