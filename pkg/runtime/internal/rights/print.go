package rights

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// WriteYAML prints the rights as documents for kubectl apply. Comments say what each rule is for.
func (r *RBAC) WriteYAML(w io.Writer) error {
	var b bytes.Buffer
	_, _ = fmt.Fprintf(&b, "# The least rights of this program, as --rbac prints them. What callbacks do with Env.Client is not known, and not here:\n"+
		"# give the ServiceAccount %s a Role of its own for that.\n", r.account)
	for _, role := range r.Roles {
		if err := r.writeRole(&b, role); err != nil {
			return err
		}
		if err := writeDocument(&b, r.binding(role)); err != nil {
			return err
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// writeRole prints the rules one by one, each with its reasons before it.
func (r *RBAC) writeRole(b *bytes.Buffer, of role) error {
	rules := of.Rules
	of.Rules = nil
	if err := writeDocument(b, r.role(of)); err != nil {
		return err
	}
	text, _ := bytes.CutSuffix(b.Bytes(), []byte("rules: null\n"))
	b.Truncate(len(text))
	b.WriteString("rules:\n")
	for i := range rules {
		for _, line := range gather(rules[i].why) {
			b.WriteString("# " + line + "\n")
		}
		text, err := yaml.Marshal([]rbacv1.PolicyRule{rules[i].PolicyRule})
		if err != nil {
			return fmt.Errorf("print a rule: %w", err)
		}
		b.Write(text)
	}
	return nil
}

func writeDocument(b *bytes.Buffer, o client.Object) error {
	text, err := yaml.Marshal(o)
	if err != nil {
		return fmt.Errorf("print %s: %w", o.GetName(), err)
	}
	b.WriteString("---\n")
	b.Write(text)
	return nil
}

// gather puts those together who have the same reason.
func gather(why []string) []string {
	var order []string
	who := map[string][]string{}
	for _, w := range why {
		reason, one, _ := strings.Cut(w, ": ")
		if who[reason] == nil {
			order = append(order, reason)
		}
		who[reason] = append(who[reason], one)
	}
	var lines []string
	for _, reason := range order {
		lines = append(lines, reason+": "+strings.Join(slices.Compact(who[reason]), ", "))
	}
	return lines
}

// WriteJSON prints the rights for programs: a List, which kubectl apply takes as well.
func (r *RBAC) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		APIVersion string          `json:"apiVersion"`
		Kind       string          `json:"kind"`
		Items      []client.Object `json:"items"`
	}{"v1", "List", r.Objects()})
}
