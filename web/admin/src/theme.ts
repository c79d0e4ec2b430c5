// Colours and sizes, in one place. Every pair of text and ground that is used here has a contrast of 4.5 or more in both schemes
// (WCAG 2.2, 1.4.3); the end-to-end tests measure it on every screen.
import {
  Alert,
  Anchor,
  Badge,
  Button,
  createTheme,
  type MantineColorsTuple,
  Menu,
  Modal,
  ModalHeader,
  NavLink,
  Notification,
  Popover,
  Switch,
  Table,
  Tooltip,
} from "@mantine/core";

const green: MantineColorsTuple = [
  "#e6f7f4",
  "#cdebe6",
  "#9ed7ce",
  "#6bc2b5",
  "#41b09f",
  "#259f8e",
  "#0f8a7a",
  "#0b7468",
  "#0b5e55",
  "#074a43",
];

// What floats above a page, such as menus and lists of choices, is a part of its main landmark, so that whoever goes by landmarks finds it.
// Every frame has one.
const afloat = { target: "main" };

export const theme = createTheme({
  primaryColor: "green",
  colors: { green },
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace",
  headings: {
    fontWeight: "650",
    sizes: { h1: { fontSize: "1.6rem" }, h2: { fontSize: "1.15rem" }, h3: { fontSize: "1rem" } },
  },
  respectReducedMotion: true,
  components: {
    // The title is read on the page's ground, where the colours of frames and icons are too pale.
    Alert: Alert.extend({ styles: { label: { color: "var(--mantine-color-text)" } } }),
    Anchor: Anchor.extend({ defaultProps: { underline: "hover" } }),
    // The word is in the colour of text: a tint behind it is enough, and its own colour would be too pale on it in one of the schemes.
    Badge: Badge.extend({
      defaultProps: { variant: "light", tt: "none", fw: 600 },
      vars: (_, { variant }) => ({ root: variant === "light" ? { "--badge-color": "var(--mantine-color-text)" } : {} }),
    }),
    Button: Button.extend({ defaultProps: { size: "sm" } }),
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }), // a menu holds its items alone
    Modal: Modal.extend({ defaultProps: { centered: true, closeButtonProps: { "aria-label": "Close" } } }),
    ModalHeader: ModalHeader.extend({ defaultProps: { role: "presentation" } }), // the page has one banner
    NavLink: NavLink.extend({
      styles: { root: { borderRadius: "var(--mantine-radius-md)", paddingBlock: 6 }, section: { marginInlineEnd: 10 } },
    }),
    Notification: Notification.extend({ defaultProps: { closeButtonProps: { "aria-label": "Close this message" } } }),
    PasswordInput: { defaultProps: { visibilityToggleButtonProps: { "aria-label": "Show what is typed" } } },
    Popover: Popover.extend({ defaultProps: { portalProps: afloat } }), // menus and comboboxes are made of it
    Switch: Switch.extend({ defaultProps: { withThumbIndicator: false } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: "sm", horizontalSpacing: "sm" } }),
    Tooltip: Tooltip.extend({
      defaultProps: { events: { hover: true, focus: true, touch: true }, portalProps: afloat },
    }),
  },
});
