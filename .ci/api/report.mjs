/**
 * Reports the public API: what each entry exports, with its types, in files that are committed to `docs/api/`, so that who
 * changes the API changes its report too. Reads the declarations of the build. Without `--update`, fails where a report is
 * not up to date.
 */
import { readdirSync, rmSync } from 'node:fs';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { packages, repository } from './entries.mjs';

const folder = `${repository}docs/api`;
const isUpdate = process.argv.includes('--update');
const unheard = { default: { logLevel: ExtractorLogLevel.None } };

/** Brings a report up to date, or tells whether it is. */
function isReported(packageFolder, { report, declarations }) {
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: `${packageFolder}/package.json`,
    configObject: {
      projectFolder: packageFolder,
      mainEntryPointFilePath: declarations,
      compiler: { tsconfigFilePath: `${packageFolder}/tsconfig.json` },
      apiReport: {
        enabled: true,
        reportFileName: report,
        reportFolder: folder,
        reportTempFolder: `${repository}.ci/api/node_modules/.reports`,
      },
      newlineKind: 'lf',
      // What lacks a comment or an export is told by `document.mjs`, which sees all entries together.
      messages: { extractorMessageReporting: unheard, tsdocMessageReporting: unheard },
    },
  });
  const { succeeded, errorCount } = Extractor.invoke(config, {
    localBuild: isUpdate,
    printApiReportDiff: true,
    messageCallback: message => {
      message.handled =
        message.messageId !== 'console-api-report-diff' && message.logLevel !== ExtractorLogLevel.Error;
    },
  });
  if (errorCount > 0) throw new Error(`no report can be made of ${declarations}`);
  return succeeded;
}

const entries = packages.flatMap(each => each.entries.map(entry => ({ packageFolder: each.folder, entry })));
const outdated = entries
  .filter(({ packageFolder, entry }) => !isReported(packageFolder, entry))
  .map(({ entry }) => entry.report);

const wanted = entries.map(({ entry }) => `${entry.report}.api.md`);
const stale = readdirSync(folder).filter(name => name.endsWith('.api.md') && !wanted.includes(name));
if (isUpdate) for (const name of stale) rmSync(`${folder}/${name}`);

if (!isUpdate && outdated.length + stale.length > 0) {
  console.error(`
The public API is not what docs/api/ reports: ${[...outdated, ...stale].join(', ')}.
Run 'npm run api:update' and commit what it writes, if the change is meant; it is reviewed with the code.`);
  process.exitCode = 1;
}
