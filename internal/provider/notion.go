package provider

// Notion's token endpoint says who somebody is, in which workspace (developers.notion.com/docs/authorization).
var notion = known{
	name: "Notion",
	way: oauth{
		authorize: "https://api.notion.com/v1/oauth/authorize", token: "https://api.notion.com/v1/oauth/token", method: byBasic, json: true,
		params: map[string]string{"owner": "user"},
		person: person{
			uid: "user-{owner>user>id}_workspace-{workspace_id}", email: []string{"owner>user>person>email"}, name: []string{"owner>user>name"},
			show: func(said map[string]any) string {
				name, workspace := first(said, []string{"owner>user>name"}), first(said, []string{"workspace_name"})
				if name == "" || workspace == "" {
					return name
				}
				return name + " (" + workspace + ")"
			},
		},
	},
}
