import assert from "node:assert/strict";
import * as fs from "node:fs";
import { after, before } from "node:test";
import { EC2 } from "@aws-sdk/client-ec2";
import { S3 } from "@aws-sdk/client-s3";
import { MotoUnavailable } from "../../../scripts/moto.mjs";
import { type Account, type Aws, REGION, startAws } from "../../aws/support/aws.js";
import { denyAction } from "../../aws/support/faults.js";
import { type Editor, editorSuite, until } from "../lib/index.js";

let aws: Aws | undefined;
/** Of the suite that runs. */
let account: Account | undefined;

before(async () => {
  try {
    aws = await startAws();
  } catch (error) {
    // As in test/aws: without Python it fails where nobody looks, and is said elsewhere.
    if (!(error instanceof MotoUnavailable) || (process.env.CI ?? "") !== "") throw error;
    console.error(`The suite of resources is left out: ${error.message}`);
  }
});
after(async () => {
  await aws?.stop();
});

/** An account of its own for a suite; false where there is no AWS to test against. */
async function begin(): Promise<boolean> {
  account = await aws?.account();
  return account !== undefined;
}

function known(): Account {
  if (account === undefined) throw new Error("there is no account");
  return account;
}

/** What the window's server is told of AWS: the files with profiles, and where AWS is. No key is in its environment. */
function environment(): { readonly [name: string]: string } {
  const { accessKeyId, secretAccessKey, accountId, env } = known();
  const files = { config: env.AWS_CONFIG_FILE, credentials: env.AWS_SHARED_CREDENTIALS_FILE };
  fs.writeFileSync(
    files.config,
    [
      "[profile lab]",
      `region = ${REGION}`,
      "[profile clinic]",
      "region = us-west-2",
      "sso_session = clinic",
      "sso_account_id = 123456789012",
      "sso_role_name = Runner",
      "[sso-session clinic]",
      "sso_start_url = https://clinic.awsapps.example/start",
      "sso_region = us-west-2",
      "[profile guarded]",
      `region = ${REGION}`,
      "source_profile = lab",
      `role_arn = arn:aws:iam::${accountId}:role/guarded`,
      `mfa_serial = arn:aws:iam::${accountId}:mfa/anna`,
      "",
    ].join("\n"),
    { mode: 0o600 },
  );
  fs.writeFileSync(
    files.credentials,
    `[lab]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    { mode: 0o600 },
  );
  return {
    AWS_ENDPOINT_URL: env.AWS_ENDPOINT_URL,
    AWS_CONFIG_FILE: files.config,
    AWS_SHARED_CREDENTIALS_FILE: files.credentials,
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

const workspace = {
  files: {
    "reprod.json": '{"projectId": "abcdefghijkl", "name": "weather"}\n',
    "weather.reprod": "pipeline weather\n",
  },
};

const view = "Resources";
const size = { width: 1500, height: 1200 };

/** The view alone, so that all of its rows are in sight. */
async function openView(editor: Editor): Promise<void> {
  await editor.openContainer("Reprod");
  for (const name of ["Pipelines", "Runs"]) {
    const header = editor.view(name).locator(".pane-header").first();
    if ((await header.getAttribute("aria-expanded")) === "true") await header.click();
  }
  await editor.openView(view);
}

async function message(editor: Editor, text: RegExp): Promise<void> {
  const shown = editor.view(view).locator(".message");
  await until(`the message ${text}`, async () => text.test((await shown.innerText().catch(() => "")) ?? ""), {
    seen: () => shown.innerText(),
  });
}

/** The button that is not Cancel, wherever it stands. */
function agreed(buttons: readonly string[]): string {
  return buttons.find((button) => button !== "Cancel") ?? "";
}

editorSuite(
  "resources in AWS",
  {
    workspace,
    theme: "dark",
    size,
    screenshots: "resources",
    get env() {
      return environment();
    },
  },
  async (step) => {
    if (!(await begin())) return;
    await step("nothing is asked of AWS before somebody looks", async (editor) => {
      await editor.openContainer("Reprod");
      await editor
        .statusItem(/^Ln|Layout/)
        .first()
        .waitFor();
      assert.deepEqual(known().calls, []);
      await openView(editor);
      await until("the offer", async () => /choose a profile/i.test(await editor.welcome(view)), {
        seen: () => editor.welcome(view),
      });
      await editor.screenshot("1-no-profile");
      assert.deepEqual(known().calls, []);
    });
    await step("the profiles are those of AWS's files, with what is wrong with them", async (editor) => {
      await editor.run("Reprod: Choose Profile");
      await editor.pickShown("Choose Profile");
      const { choices } = await until("the profiles", async () => {
        const read = await editor.readQuickInput();
        return read.choices.length > 2 && read;
      });
      await editor.screenshot("2-profiles");
      const clinic = choices.find(({ label }) => label.includes("clinic"));
      assert.match(clinic?.description ?? "", /us-west-2 · single sign-on/);
      assert.match(clinic?.detail ?? "", /aws sso login --profile clinic/);
      await editor.pick(/clinic/);
      await editor.statusItem(/clinic/).waitFor();
    });
    await step("an expired sign-in says what to run, and runs it in a terminal", async (editor) => {
      await message(editor, /expired[\s\S]*aws sso login --profile clinic/);
      await editor.row(view, "Sign In", "aws sso login --profile clinic");
      assert.deepEqual(
        (await editor.rows(view)).map(({ label }) => label),
        ["Sign In", "Try Again", "Choose Another Profile"],
      );
      assert.deepEqual(await editor.rowActions(view, "Sign In"), ["Copy Command"]);
      await editor.screenshot("3-expired");
      await (await editor.row(view, "Sign In")).click();
      await until("the terminal", () => editor.page.locator(".terminal-wrapper .xterm").first().isVisible());
      await editor.screenshot("3-sign-in");
      await editor.run("Terminal: Kill All Terminals");
      const settings = JSON.parse(fs.readFileSync(editor.workspace.at(".vscode", "settings.json"), "utf8"));
      assert.deepEqual(settings, { "reprod.profile": "clinic" });
    });
    await step("with a profile, the view shows the groups, and the status bar where", async (editor) => {
      await editor.run("Reprod: Choose Profile");
      await editor.pick(/lab/);
      await editor.row(view, "Network", "not set up");
      await editor.statusItem(`lab · ${REGION}`).waitFor();
      await editor.screenshot("4-nothing-set-up");
      assert.deepEqual(known().mutations(), []);
    });
    await step("Setup Network shows the plan, then asks with account, region and profile", async (editor) => {
      await editor.run("Reprod: Setup Network");
      const { message, buttons } = await editor.dialog();
      assert.match(
        message,
        new RegExp(
          `^Create \\d+ resources in account ${known().accountId} \\(${REGION}\\) as profile "lab"\\?$`,
        ),
      );
      assert.ok(
        buttons.some((button) => /^Create \d+ Resources$/.test(button)),
        buttons.join(),
      );
      await editor.screenshot("5-question");
      await editor.pressDialog("Cancel");
      await editor.webview().getByRole("heading", { name: "Set up Network" }).waitFor();
      await editor.screenshot("6-plan");
      assert.deepEqual(known().mutations(), []);
    });
    await step("agreed to, it is made while one watches", async (editor) => {
      // As slow as AWS is.
      known().inject(({ mutating }) => (mutating ? { delay: 400 } : "pass"));
      await editor.page
        .locator(".editor-group-container.active .editor-actions")
        .getByRole("button", { name: "Run This Plan" })
        .click();
      const { buttons } = await editor.dialog();
      await editor.pressDialog(agreed(buttons));
      await editor.row(view, "Network", /^[1-9]\d* of \d+ · creating /);
      await editor.screenshot("7-progress");
      await editor.notification(/^Network: ready/);
      known().inject();
      await editor.row(view, "Network", /^ready · \d+ resources$/);
      await editor.expand(view, "Network");
      await editor.row(view, "VPC", /^vpc-/);
      await editor.screenshot("8-ready");
      assert.deepEqual(await editor.rowActions(view, "VPC"), ["Open in AWS Console", "Copy Id"]);
      await editor.clearNotifications();
    });
    await step("the settings file is in the explorer", async (editor) => {
      await editor.openFile("network-settings.json");
      await editor.placeOf('"vpc_id": "vpc-');
      await editor.run("View: Show Explorer");
      await editor.screenshot("9-settings-file");
    });
    await step("what somebody deletes behind its back is drift, in words", async (editor) => {
      const ec2 = known().client(EC2);
      const { SecurityGroups = [] } = await ec2.describeSecurityGroups({
        Filters: [{ Name: "tag:reprod:project", Values: ["abcdefghijkl"] }],
      });
      assert.ok(SecurityGroups.length > 0);
      for (const { GroupId } of SecurityGroups) await ec2.deleteSecurityGroup({ GroupId });
      await openView(editor);
      await editor.pressViewAction(view, "Refresh Resources");
      await editor.row(view, "Network", /^drifted · security group gone/);
      const row = await editor.row(view, "Network");
      assert.match(await editor.tooltip(row, /drifted/), /security group/);
      await editor.unhover();
      await editor.screenshot("10-drifted");
    });
    await step("Repair makes it again", async (editor) => {
      await editor.pressRowAction(view, "Network", "Repair");
      const { message, buttons } = await editor.dialog();
      assert.match(message, /^Create 1 resource in account/);
      await editor.screenshot("11-repair");
      await editor.pressDialog(agreed(buttons));
      await editor.notification(/^Network: ready/);
      await editor.row(view, "Network", /^ready/);
      await editor.clearNotifications();
      await editor.run("Reprod: Setup Network");
      await editor.notification(/^Network: nothing to do/);
      await editor.clearNotifications();
    });
    await step("Remove takes it away, and the settings file with it", async (editor) => {
      await editor.pressRowAction(view, "Network", "Remove");
      const { message, buttons } = await editor.dialog();
      assert.match(message, /^Remove \d+ resources in account/);
      await editor.screenshot("12-remove");
      await editor.pressDialog("Cancel");
      await editor.screenshot("12-remove-plan");
      await editor.page
        .locator(".editor-group-container.active .editor-actions")
        .getByRole("button", { name: "Run This Plan" })
        .click();
      await editor.dialog();
      await editor.pressDialog(agreed(buttons));
      await editor.notification(/^Network: removed/);
      await editor.row(view, "Network", "not set up");
      await editor.screenshot("13-removed");
      assert.equal(fs.existsSync(editor.workspace.at("network-settings.json")), false);
    });
  },
);

const withProfile = {
  files: { ...workspace.files, ".vscode/settings.json": '{"reprod.profile": "lab"}\n' },
};

async function agree(editor: Editor, question: RegExp): Promise<void> {
  const { message, buttons } = await editor.dialog();
  assert.match(message, question);
  await editor.pressDialog(agreed(buttons));
}

editorSuite(
  "resources in AWS when things go wrong",
  {
    workspace: withProfile,
    theme: "light",
    size,
    screenshots: "resources-bad-luck",
    get env() {
      return environment();
    },
  },
  async (step) => {
    if (!(await begin())) return;
    await step("a cancel says what stays, and the next set-up goes on from there", async (editor) => {
      await openView(editor);
      await editor.row(view, "Network", "not set up");
      known().inject(({ mutating }) => (mutating ? { delay: 600 } : "pass"));
      await editor.pressRowAction(view, "Network", "Set Up");
      await agree(editor, /^Create \d+ resources/);
      await editor.row(view, "Network", /^[1-9]\d* of \d+ · creating /);
      await editor.pressNotification(/Set up Network/, "Cancel");
      const { message } = await editor.notification(/^Network: cancelled after \d+ of \d+ steps/);
      assert.match(message, /What was done stays and is noted in the settings file/);
      known().inject();
      await editor.row(view, "Network", /^partly set up · .*not set up/);
      await editor.screenshot("1-cancelled");
      await editor.clearNotifications();
      await editor.pressRowAction(view, "Network", "Set Up");
      await agree(editor, /^Create \d+ resources?/);
      await editor.notification(/^Network: ready/);
      await editor.row(view, "Network", /^ready/);
      await editor.clearNotifications();
    });
    await step(
      "what was changed by hand is told as is and should be, and its plan says so",
      async (editor) => {
        const ec2 = known().client(EC2);
        const { SecurityGroups = [] } = await ec2.describeSecurityGroups({
          Filters: [{ Name: "tag:reprod:project", Values: ["abcdefghijkl"] }],
        });
        for (const { GroupId } of SecurityGroups)
          await ec2.authorizeSecurityGroupIngress({
            GroupId,
            IpPermissions: [
              { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "0.0.0.0/0" }] },
            ],
          });
        await editor.pressViewAction(view, "Refresh Resources");
        await editor.row(view, "Network", /^drifted · security group/);
        await editor.expand(view, "Network");
        await editor.pressRowAction(view, "Network", "Preview Changes");
        await editor.webview().getByRole("heading", { name: "Set up Network" }).waitFor();
        await editor.webview().getByText("1 to change").waitFor();
        await editor.screenshot("2-changed");
        await editor.run("Reprod: Discard This Plan");
      },
    );
    await step("what needs another group offers to plan both", async (editor) => {
      await editor.run("Reprod: Setup Cluster");
      const { message, buttons } = await editor.dialog();
      assert.match(message, /Cluster uses resources of Roles, which is not set up/);
      assert.ok(buttons.includes("Plan What It Needs Too"));
      await editor.screenshot("3-needs");
      await editor.pressDialog("Plan What It Needs Too");
      assert.match((await editor.dialog()).message, /^Create \d+ resources/);
      await editor.pressDialog("Cancel");
      await editor.webview().getByRole("heading", { name: "Set up Roles, Cluster" }).waitFor();
      await editor.screenshot("3-needs-plan");
    });
    await step("a permission that is missing is named, with who lacks it", async (editor) => {
      known().inject(denyAction("s3:CreateBucket"));
      await editor.run("Reprod: Setup Storage");
      await agree(editor, /^Create \d+ resources/);
      await editor.notification(/s3:CreateBucket/);
      await editor.screenshot("4-denied");
      known().inject();
      await editor.clearNotifications();
    });
    await step(
      "a bucket with data goes only after refusal, a second question and its name",
      async (editor) => {
        await editor.run("Reprod: Setup Storage");
        await agree(editor, /^Create \d+ resources/);
        await editor.notification(/^Storage: ready/);
        await editor.clearNotifications();
        const s3 = known().client(S3);
        const { Buckets = [] } = await s3.listBuckets({});
        for (const { Name } of Buckets)
          if (Name?.includes("build")) await s3.putObject({ Bucket: Name, Key: "results/a", Body: "data" });
        await editor.run("Reprod: Remove Storage");
        const refused = await editor.dialog();
        assert.match(refused.message, /^Storage is in use/);
        assert.match(refused.detail, /Nothing was changed/);
        await editor.screenshot("5-refused");
        await editor.pressDialog("Do It Anyway…");
        const second = await editor.dialog();
        assert.match(second.message, /Although it is in use\?$/);
        await editor.screenshot("6-second-question");
        await editor.pressDialog(agreed(second.buttons));
        await editor.pickShown(/Data Is Lost for Good/);
        const { placeholder } = await editor.readQuickInput();
        assert.match(placeholder, /-build$/);
        await editor.screenshot("7-name");
        await editor.answer("another");
        await until("the reason", async () => /another name/.test((await editor.readQuickInput()).message));
        await editor.answer(placeholder);
        await editor.notification(/^Storage: removed/);
        await editor.row(view, "Storage", "not set up");
        assert.deepEqual((await s3.listBuckets({})).Buckets ?? [], []);
        await editor.clearNotifications();
      },
    );
    await step("another profile drops what was shown of the first", async (editor) => {
      await editor.run("Reprod: Choose Profile");
      await editor.pick(/clinic/);
      await editor.row(view, "Sign In", "aws sso login --profile clinic");
      await editor.screenshot("8-other-profile");
    });
    await step("a profile that wants the code of a device asks for it, once", async (editor) => {
      await openView(editor);
      await editor.run("Reprod: Choose Profile");
      await editor.pick(/guarded/);
      await editor.pickShown("Code of the MFA Device");
      await editor.answer("12");
      await until("the reason", async () => /six digits/.test((await editor.readQuickInput()).message));
      await editor.screenshot("9-code");
      await editor.answer("123456");
      await editor.row(view, "Storage", "not set up");
      await editor.statusItem(/guarded/).waitFor();
    });
  },
);

editorSuite(
  "resources in AWS in high contrast",
  {
    workspace: withProfile,
    theme: "high-contrast",
    size,
    screenshots: "resources-contrast",
    get env() {
      return environment();
    },
  },
  async (step) => {
    if (!(await begin())) return;
    await step("plan, view and question can be told apart", async (editor) => {
      await openView(editor);
      await editor.run("Reprod: Setup Network");
      await editor.dialog();
      await editor.screenshot("1-question");
      await agree(editor, /^Create \d+ resources/);
      await editor.notification(/^Network: ready/);
      await editor.clearNotifications();
      const ec2 = known().client(EC2);
      const { SecurityGroups = [] } = await ec2.describeSecurityGroups({
        Filters: [{ Name: "tag:reprod:project", Values: ["abcdefghijkl"] }],
      });
      for (const { GroupId } of SecurityGroups) await ec2.deleteSecurityGroup({ GroupId });
      await editor.pressViewAction(view, "Refresh Resources");
      await editor.row(view, "Network", /^drifted/);
      await editor.expand(view, "Network");
      await editor.pressRowAction(view, "Network", "Preview Changes");
      await editor.webview().getByText("1 to create").waitFor();
      await editor.screenshot("2-drifted");
    });
  },
);

editorSuite(
  "resources in an untrusted workspace",
  {
    workspace: withProfile,
    trust: "restricted",
    size,
    screenshots: "resources-untrusted",
    get env() {
      return environment();
    },
  },
  async (step) => {
    if (!(await begin())) return;
    await step("nothing is asked of AWS, whatever is pressed", async (editor) => {
      await openView(editor);
      await until("the reason", async () => /not trusted/.test(await editor.welcome(view)));
      await editor.run("Reprod: Setup Network");
      const { buttons } = await editor.notification(/not trusted/);
      assert.deepEqual(buttons, ["Manage Trust"]);
      await editor.screenshot("1-untrusted");
      assert.deepEqual(known().calls, []);
    });
  },
);

editorSuite(
  "all resources in AWS",
  {
    workspace: withProfile,
    size: { width: 1500, height: 1500 },
    screenshots: "resources-all",
    get env() {
      return environment();
    },
  },
  async (step) => {
    if (!(await begin())) return;
    await step("Setup All makes every group, in order", async (editor) => {
      await openView(editor);
      await editor.row(view, "Network", "not set up");
      await editor.pressViewAction(view, "Setup All");
      const { message, detail } = await editor.dialog();
      assert.match(message, /^Create \d\d+ resources/);
      assert.match(detail, /Free at rest/);
      await editor.pressDialog("Cancel");
      await editor.webview().getByRole("heading", { name: "Set up all groups" }).waitFor();
      await editor.screenshot("1-plan");
      await editor.run("Reprod: Run This Plan");
      await agree(editor, /^Create \d+ resources/);
      await until(
        "the end",
        async () =>
          (await editor.notifications()).some(({ message }) => message.startsWith("All groups: ready")),
        { timeout: 120_000, seen: () => editor.notifications() },
      );
      await editor.clearNotifications();
      for (const name of ["Roles", "Storage", "Network", "Key Pair", "Cluster", "Functions", "Endpoints"])
        await editor.row(view, name, /^ready · \d+ resources?$/);
      await editor.expand(view, "Roles");
      await editor.row(view, "IAM role", "data-import");
      await editor.expand(view, "Functions");
      await editor.row(view, "Lambda function", "manage");
      await editor.screenshot("2-ready");
    });
    await step("a compute environment is made by name, kind and size, and deleted", async (editor) => {
      await editor.run("Reprod: Create Compute Environment…");
      await editor.pickShown(/\(1\)/);
      await editor.answer("Big One");
      await until("the reason", async () => /Lower-case/.test((await editor.readQuickInput()).message));
      await editor.screenshot("3-name");
      await editor.answer("large");
      await editor.pickShown(/\(2\)/);
      await editor.screenshot("4-kind");
      await editor.pick("Fargate");
      await editor.pickShown(/3\/3/);
      await editor.answer("256");
      await agree(editor, /^Create 2 resources/);
      await editor.notification(/^Compute Environment: ready/);
      await editor.clearNotifications();
      await editor.row(view, "Compute Environment", /^ready/);
      const file = () =>
        JSON.parse(fs.readFileSync(editor.workspace.at("compute-environments.json"), "utf8"));
      assert.equal(file().environments.large.max_vcpus, 256);
      await editor.run("Reprod: Delete Compute Environment…");
      await editor.pickShown("Delete Compute Environment");
      await editor.pick("large");
      await agree(editor, /^Remove 2 resources/);
      await editor.notification(/^Compute Environment: ready/);
      await editor.clearNotifications();
    });
    await step("an environment of machines asks for their disk and types too", async (editor) => {
      await editor.run("Reprod: Create Compute Environment…");
      await editor.pickShown(/\(1\)/);
      await editor.answer("machines");
      await editor.pickShown(/\(2\)/);
      await editor.pick("EC2 on demand");
      await editor.pickShown(/3\/5/);
      await editor.answer("8");
      await editor.pickShown(/4\/5/);
      await editor.answer("20");
      await until("the reason", async () => /from 30/.test((await editor.readQuickInput()).message));
      await editor.answer("200");
      await editor.pickShown(/5\/5/);
      await editor.answer("m5, c5.large");
      const { message } = await editor.dialog();
      assert.match(message, /^Create 3 resources/);
      await editor.pressDialog("Cancel");
      await editor.screenshot("4-machines-plan");
    });
    await step("Remove All leaves nothing", async (editor) => {
      await editor.run("Reprod: Remove All");
      await agree(editor, /^Remove \d+ resources/);
      await until(
        "the end",
        async () =>
          (await editor.notifications()).some(({ message }) => message.startsWith("All groups: removed")),
        { timeout: 180_000, seen: () => editor.notifications() },
      );
      for (const name of ["Roles", "Storage", "Network", "Compute Environment"])
        await editor.row(view, name, "not set up");
      await editor.screenshot("5-removed");
      assert.deepEqual(
        fs.readdirSync(editor.workspace.folder).filter((name) => /settings|environments/.test(name)),
        [],
      );
    });
  },
);

editorSuite(
  "resources of several folders",
  {
    workspace: {
      files: {
        "both.code-workspace": '{"folders": [{"path": "one"}, {"path": "two"}]}\n',
        "one/reprod.json": '{"projectId": "abcdefghijkl", "name": "one"}\n',
        "two/reprod.json": '{"projectId": "mnopqrstuvwx", "name": "two"}\n',
      },
    },
    size,
    screenshots: "resources-folders",
    get env() {
      return environment();
    },
  },
  async (step) => {
    if (!(await begin())) return;
    await step("each folder has a profile of its own, and a row in the view", async (editor) => {
      await openView(editor);
      for (const [folder, profile] of [
        ["one", "lab"],
        ["two", "clinic"],
      ] as const) {
        await editor.run("Reprod: Choose Profile");
        await editor.pick(folder);
        await editor.pickShown("Choose Profile");
        await editor.pick(new RegExp(profile));
        const file = editor.workspace.at(folder, ".vscode", "settings.json");
        await until(
          `the profile of ${folder}`,
          () =>
            fs.existsSync(file) && fs.readFileSync(file, "utf8").includes(`"reprod.profile": "${profile}"`),
        );
      }
      await editor.row(view, "one", `lab · ${REGION} · ${known().accountId}`);
      await editor.row(view, "Network", "not set up");
      await editor.row(view, "two", "clinic · us-west-2");
      await editor.row(view, "Sign In", "aws sso login --profile clinic");
      await editor.screenshot("1-folders");
    });
    await step("a command asks which one is meant", async (editor) => {
      await editor.run("Reprod: Preview Network");
      await editor.pickShown("Choose a Project");
      await editor.pick("one");
      await editor.webview().getByRole("heading", { name: "Set up Network" }).waitFor();
      await editor.run("Reprod: Preview Network");
      await editor.pick("two");
      await editor.notification(/have expired/);
      await editor.screenshot("2-which");
    });
  },
);
