import { Navigate, Route, Routes } from "react-router";
import { Frame } from "./Frame";
import { SignedInOnly, SignedOutOnly } from "./guards";
import { Account } from "./pages/account/Account";
import { Addresses } from "./pages/account/Addresses";
import { AuthenticatorApp } from "./pages/account/AuthenticatorApp";
import { Connected } from "./pages/account/Connected";
import { Keys } from "./pages/account/Keys";
import { Password } from "./pages/account/Password";
import { Phone } from "./pages/account/Phone";
import { RecoveryCodes } from "./pages/account/RecoveryCodes";
import { Sessions } from "./pages/account/Sessions";
import { Continue } from "./pages/continue/Continue";
import { ForgotPassword } from "./pages/ForgotPassword";
import { Home } from "./pages/Home";
import { NotFound } from "./pages/NotFound";
import { ProviderError } from "./pages/ProviderError";
import { ProviderReturn } from "./pages/ProviderReturn";
import { ResetPassword } from "./pages/ResetPassword";
import { SignIn } from "./pages/SignIn";
import { SignInByCode } from "./pages/SignInByCode";
import { SignUp } from "./pages/SignUp";
import { SignUpByPasskey } from "./pages/SignUpByPasskey";
import { VerifyEmail } from "./pages/VerifyEmail";

/** Every page, and who it is for. Where mails lead is said to the server too: the tenant's headless.frontend_urls. */
export function App() {
  return (
    <Routes>
      <Route element={<Frame />}>
        <Route index element={<Home />} />
        <Route element={<SignedOutOnly />}>
          <Route path="signup" element={<SignUp />} />
          <Route path="signup/passkey" element={<SignUpByPasskey />} />
          <Route path="signin" element={<SignIn />} />
          <Route path="signin/code" element={<SignInByCode />} />
          <Route path="forgot-password" element={<ForgotPassword />} />
        </Route>
        <Route path="continue" element={<Continue />} />
        <Route path="verify-email/:key" element={<VerifyEmail />} />
        <Route path="reset-password/:key" element={<ResetPassword />} />
        <Route path="provider-return" element={<ProviderReturn />} />
        <Route path="provider-error" element={<ProviderError />} />
        <Route element={<SignedInOnly />}>
          <Route path="account" element={<Account />}>
            <Route index element={<Navigate to="addresses" replace />} />
            <Route path="addresses" element={<Addresses />} />
            <Route path="phone" element={<Phone />} />
            <Route path="password" element={<Password />} />
            <Route path="passkeys" element={<Keys />} />
            <Route path="app" element={<AuthenticatorApp />} />
            <Route path="recovery-codes" element={<RecoveryCodes />} />
            <Route path="connected" element={<Connected />} />
            <Route path="sessions" element={<Sessions />} />
          </Route>
        </Route>
        <Route path="*" element={<NotFound />} />
      </Route>
    </Routes>
  );
}
