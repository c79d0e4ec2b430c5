package adminapi

// Row is a row of the route table.
type Row struct{ Method, Path, Permission string }

// Rows is the route table.
func Rows() []Row {
	var all []Row
	for _, row := range routes {
		all = append(all, Row{row.method, prefix + row.path, string(row.permission)})
	}
	return all
}
